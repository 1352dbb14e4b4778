"""Names for generated people: common ones, ones whose legal form has a rare code point, foreign ones.

Nobody real: families and given names are drawn apart and joined by chance. The rare forms are those that text
processing breaks (decisions.md §1): compatibility ideographs that NFC changes, a character outside the first plane, a
variation sequence.
"""

from __future__ import annotations

from typing import NamedTuple


class Named(NamedTuple):
    """A name part with its reading."""

    written: str
    kana: str


def _pairs(text: str) -> tuple[Named, ...]:
    words = text.split()
    return tuple(Named(written, kana) for written, kana in zip(words[::2], words[1::2], strict=True))


FAMILIES = _pairs("""
佐藤 サトウ 鈴木 スズキ 高橋 タカハシ 田中 タナカ 伊藤 イトウ 渡辺 ワタナベ 山本 ヤマモト 中村 ナカムラ
小林 コバヤシ 加藤 カトウ 吉田 ヨシダ 山田 ヤマダ 佐々木 ササキ 山口 ヤマグチ 松本 マツモト 井上 イノウエ
木村 キムラ 林 ハヤシ 斎藤 サイトウ 清水 シミズ 山崎 ヤマザキ 森 モリ 池田 イケダ 橋本 ハシモト
阿部 アベ 石川 イシカワ 山下 ヤマシタ 中島 ナカジマ 石井 イシイ 小川 オガワ 前田 マエダ 岡田 オカダ
長谷川 ハセガワ 藤田 フジタ 後藤 ゴトウ 近藤 コンドウ 村上 ムラカミ 遠藤 エンドウ 青木 アオキ 坂本 サカモト
斉藤 サイトウ 藤井 フジイ 西村 ニシムラ 福田 フクダ 太田 オオタ 三浦 ミウラ 岡本 オカモト 松田 マツダ
中川 ナカガワ 中野 ナカノ 原田 ハラダ 小野 オノ 田村 タムラ 竹内 タケウチ 金子 カネコ 和田 ワダ
中山 ナカヤマ 石田 イシダ 上田 ウエダ 森田 モリタ 柴田 シバタ 酒井 サカイ 工藤 クドウ 横山 ヨコヤマ
宮崎 ミヤザキ 宮本 ミヤモト 内田 ウチダ 高木 タカギ 安藤 アンドウ 谷口 タニグチ 大野 オオノ 丸山 マルヤマ
今井 イマイ 河野 コウノ 藤本 フジモト 村田 ムラタ 武田 タケダ 上野 ウエノ 杉山 スギヤマ 増田 マスダ
小山 コヤマ 大塚 オオツカ 平野 ヒラノ 菅原 スガワラ 久保 クボ 松井 マツイ 千葉 チバ 岩崎 イワサキ
桜井 サクライ 木下 キノシタ 野口 ノグチ 松尾 マツオ 野村 ノムラ 菊地 キクチ 佐野 サノ 大西 オオニシ
杉本 スギモト 新井 アライ 浜田 ハマダ 古川 フルカワ 市川 イチカワ 小松 コマツ 水野 ミズノ 桑原 クワバラ
五十嵐 イガラシ 服部 ハットリ 関 セキ 東 アズマ 辻 ツジ 星野 ホシノ
""")

RARE_FAMILIES = _pairs("""
\ufa19田 カンダ \ufa1b島 フクシマ \ufa26築 ツヅキ 山﨑 ヤマザキ 髙橋 タカハシ 葛\U000e0100城 カツラギ 𠮷田 ヨシダ
渡邉 ワタナベ 渡邊 ワタナベ 濵田 ハマダ 德永 トクナガ 齋藤 サイトウ
""")
"""Each is borne by at least one family of every town."""

BOYS = _pairs("""
蓮 レン 陽翔 ハルト 湊 ミナト 蒼 アオイ 樹 イツキ 悠真 ユウマ 大翔 ヒロト 律 リツ
朝陽 アサヒ 颯真 ソウマ 陽太 ヨウタ 悠人 ユウト 奏太 ソウタ 結翔 ユイト 新 アラタ 暖 ダン
海斗 カイト 駿 シュン 直樹 ナオキ 健太 ケンタ 翔太 ショウタ 拓海 タクミ 大輝 ダイキ 優斗 ユウト
航 ワタル 隼人 ハヤト 陸 リク 涼介 リョウスケ 智也 トモヤ 一輝 カズキ 慎之介 シンノスケ 壮真 ソウマ
瑛太 エイタ 晴 ハル 岳 ガク 伊織 イオリ 理人 リヒト 啓太 ケイタ 昴 スバル 旭 アサヒ
ひかる ヒカル 修平 シュウヘイ 誠 マコト 祐希 ユウキ 光希 コウキ 篤志 アツシ 武蔵 ムサシ 龍之介 リュウノスケ
丈 ジョウ 歩 アユム
""")

GIRLS = _pairs("""
陽葵 ヒマリ 凛 リン 結菜 ユイナ 芽依 メイ 葵 アオイ 紬 ツムギ さくら サクラ 美月 ミヅキ
莉子 リコ 心春 コハル 咲良 サクラ 結衣 ユイ 杏 アン 美咲 ミサキ 彩花 アヤカ 七海 ナナミ
優奈 ユウナ 愛莉 アイリ 真央 マオ 千尋 チヒロ ひなた ヒナタ 花音 カノン 琴音 コトネ 柚希 ユズキ
遥 ハルカ 楓 カエデ 小春 コハル 詩 ウタ 紗良 サラ 千夏 チナツ 美羽 ミウ 明日香 アスカ
菜々子 ナナコ 理沙 リサ 桃花 モモカ 栞 シオリ 瑠璃 ルリ 奈緒 ナオ 茜 アカネ 朱里 アカリ
いろは イロハ 穂乃果 ホノカ 麻衣 マイ 雫 シズク 風花 フウカ 佳奈 カナ 舞 マイ 友香 ユカ
沙織 サオリ 望 ノゾミ
""")

MEN = _pairs("""
大輔 ダイスケ 健一 ケンイチ 誠 マコト 隆 タカシ 剛 ツヨシ 浩二 コウジ 和也 カズヤ 哲也 テツヤ
直人 ナオト 雄一 ユウイチ 亮 リョウ 崇 タカシ 英樹 ヒデキ 智之 トモユキ 秀明 ヒデアキ 正樹 マサキ
洋介 ヨウスケ 淳 ジュン 修 オサム 徹 トオル 祐介 ユウスケ 慎一 シンイチ 貴志 タカシ 信行 ノブユキ
達也 タツヤ 克己 カツミ 茂 シゲル 学 マナブ 稔 ミノル 昭雄 アキオ
""")

WOMEN = _pairs("""
由美子 ユミコ 恵 メグミ 智子 トモコ 香織 カオリ 直美 ナオミ 裕子 ユウコ 久美子 クミコ 真由美 マユミ
美穂 ミホ 陽子 ヨウコ 純子 ジュンコ 絵美 エミ 亜希子 アキコ 千春 チハル 麻美 アサミ 理恵 リエ
礼子 レイコ 瞳 ヒトミ 桂子 ケイコ 典子 ノリコ 奈津子 ナツコ 明美 アケミ 沙耶香 サヤカ 早苗 サナエ
里美 サトミ 和代 カズヨ 幸恵 ユキエ 静香 シズカ 文子 フミコ 景子 ケイコ
""")


class Foreign(NamedTuple):
    """A foreign family: names as registered, and the common name (通称) of its children where one is used."""

    family: Named
    boy: Named
    girl: Named
    father: Named
    mother: Named
    common_family: Named | None


FOREIGN = (
    Foreign(
        Named("NGUYEN", "グエン"),
        Named("VAN MINH", "ヴァン ミン"),
        Named("THI LAN", "ティ ラン"),
        Named("VAN HUNG", "ヴァン フン"),
        Named("THI HOA", "ティ ホア"),
        None,
    ),
    Foreign(
        Named("SILVA SANTOS", "シルヴァ サントス"),
        Named("LUCAS", "ルーカス"),
        Named("MARIANA", "マリアナ"),
        Named("CARLOS", "カルロス"),
        Named("ANA PAULA", "アナ パウラ"),
        None,
    ),
    Foreign(
        Named("王", "ワン"),
        Named("子軒", "ズーシュエン"),
        Named("梓涵", "ズーハン"),
        Named("偉", "ウェイ"),
        Named("芳", "ファン"),
        None,
    ),
    Foreign(
        Named("KIM", "キム"),
        Named("MINJUN", "ミンジュン"),
        Named("SEOYEON", "ソヨン"),
        Named("DONGHYUN", "ドンヒョン"),
        Named("JIYOUNG", "ジヨン"),
        Named("金田", "カネダ"),
    ),
    Foreign(
        Named("DELA CRUZ", "デラ クルス"),
        Named("JOSE MIGUEL", "ホセ ミゲル"),
        Named("ANGELICA", "アンジェリカ"),
        Named("RAMON", "ラモン"),
        Named("MARITES", "マリテス"),
        Named("田村", "タムラ"),
    ),
    Foreign(
        Named("GURUNG", "グルン"),
        Named("BISHAL", "ビシャル"),
        Named("SITA", "シタ"),
        Named("PREM", "プレム"),
        Named("MAYA", "マヤ"),
        None,
    ),
)

COMMON_GIVEN_BOY = Named("大地", "ダイチ")
COMMON_GIVEN_GIRL = Named("由奈", "ユナ")

SCHOOL_WORDS = (
    *("第一", "第二", "ひがし", "にし", "みなみ", "きた", "中央", "桜木", "緑ヶ丘", "川辺", "青葉", "若草"),
    *("松原", "泉", "城山", "花園", "富士見", "清流", "白鳥", "梅園", "光が丘", "大和"),
)
"""Names of elementary schools; the first one has the class that is shown first."""
