"""What comes from spreadsheets and input methods: pasted, taken back, composed; and what stands of it in the end."""

from __future__ import annotations

import re
from contextlib import ExitStack

from playwright.sync_api import Browser, expect

from tests.journeys.people import paste, roll_in_registry, sign_in
from tests.support.product import Product


def test_pasted_undone_and_composed_it_stands_in_registry(on_log: Product, browser: Browser) -> None:
    with ExitStack() as stack:
        teacher = sign_in(browser, on_log, "5年1組", "5年1組 担任")
        stack.callback(teacher.context.close)
        page = teacher.page
        page.get_by_role("link", name="5年1組の朝の記録を始める").click()
        first = page.locator('[data-cell="0-0"]')
        expect(first).to_be_focused()

        paste(teacher, "病欠\n欠")
        teacher.sees("貼り付けを取りやめました（1か所）")
        expect(first).to_contain_text("未入力")
        paste(teacher, "病欠\nＣ\n遅刻")
        teacher.sees("「Ｃ」を「遅刻」と読みました")
        teacher.press("Control+z")
        expect(first).to_contain_text("未入力")
        teacher.press("Control+Shift+z")
        expect(first).to_contain_text("病欠")
        teacher.press("Control+Enter")
        teacher.sees("に確定しました")

        # A correction with its reason in own words, written with the browser's own input method commands.
        teacher.press("1", "j")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("「病欠」 → 「事故欠」")
        teacher.press("4")
        reason = dialog.get_by_role("textbox", name=re.compile("わけ"))
        expect(reason).to_be_focused()
        method = teacher.context.new_cdp_session(page)
        for so_far in ("で", "でん", "でんわ", "電話"):
            method.send(
                "Input.imeSetComposition",
                {"text": so_far, "selectionStart": len(so_far), "selectionEnd": len(so_far)},
            )
        expect(reason).to_have_value("電話")
        teacher.press("Enter")  # confirms the conversion and nothing else
        expect(dialog).to_be_visible()
        before, words = roll_in_registry(teacher)
        assert words[before[0]["code"]] == "病欠", "nothing was sent by the Enter of a conversion"
        method.send("Input.insertText", {"text": "電話があった"})
        expect(reason).to_have_value("電話があった")
        with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
            teacher.press("Enter")
        body = sent.value.request.post_data_json
        assert sent.value.ok
        assert body is not None
        (mark,) = body["marks"]
        assert mark["reason"] == {"code": "other", "text": "電話があった"}
        expect(dialog).to_be_hidden()
        expect(first).to_contain_text("事故欠")
        expect(page.get_by_role("link", name=re.compile("未送信"))).to_have_count(0)

        members, words = roll_in_registry(teacher)
        assert [words[member["code"]] for member in members[:4]] == ["事故欠", "遅刻", "遅刻", "出席"]
        told = [(fact["source"], words[fact["code"]], fact["reason"]) for fact in members[0]["facts"]]
        assert told == [("teacher", "事故欠", "other")]
        assert members[0]["revision"] > before[0]["revision"]
        assert teacher.problems == []
