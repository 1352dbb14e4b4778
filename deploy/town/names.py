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


class Lists(NamedTuple):
    """What the names of a town are drawn from."""

    families: tuple[Named, ...]
    boys: tuple[Named, ...]
    girls: tuple[Named, ...]
    men: tuple[Named, ...]
    women: tuple[Named, ...]


FEW = Lists(FAMILIES, BOYS, GIRLS, MEN, WOMEN)

MANY = Lists(
    (
        *FAMILIES,
        *_pairs("""
中田 ナカタ 熊谷 クマガイ 篠原 シノハラ 松下 マツシタ 川口 カワグチ 北村 キタムラ 石原 イシハラ
平田 ヒラタ 川崎 カワサキ 樋口 ヒグチ 秋山 アキヤマ 永井 ナガイ 田口 タグチ 岡崎 オカザキ 川上 カワカミ 西川 ニシカワ
内藤 ナイトウ 本田 ホンダ 須藤 ストウ 大橋 オオハシ 馬場 ババ 吉川 ヨシカワ 荒木 アラキ 飯田 イイダ 望月 モチヅキ
矢野 ヤノ 神田 カンダ 大島 オオシマ 丹羽 ニワ 石塚 イシヅカ 関口 セキグチ 吉村 ヨシムラ 川村 カワムラ 三宅 ミヤケ
東海林 ショウジ 小池 コイケ 浅野 アサノ 荒井 アライ 大久保 オオクボ 野田 ノダ 片山 カタヤマ 菊池 キクチ 奥村 オクムラ
早川 ハヤカワ 八木 ヤギ 小田 オダ 広瀬 ヒロセ 田島 タジマ 尾崎 オザキ 沢田 サワダ 栗原 クリハラ 河合 カワイ
大川 オオカワ 牧野 マキノ 白石 シライシ 天野 アマノ 久保田 クボタ 浅井 アサイ 長田 オサダ 本間 ホンマ 梅田 ウメダ
"""),
    ),
    (
        *BOYS,
        *_pairs("""
大和 ヤマト 陽向 ヒナタ 碧 アオ 翼 ツバサ 匠 タクミ 大雅 タイガ 悠希 ユウキ 颯太 ソウタ 琉生 ルイ 朔 サク
仁 ジン 煌 コウ 遼 リョウ 凪 ナギ 響 ヒビキ 葵 アオイ 晴翔 ハルト 蒼空 ソラ 圭 ケイ 真 シン 透 トオル 弘樹 ヒロキ
勇気 ユウキ 太一 タイチ 裕太 ユウタ 正人 マサト 孝太郎 コウタロウ 光 ヒカル 俊介 シュンスケ 慶 ケイ 要 カナメ
"""),
    ),
    (
        *GIRLS,
        *_pairs("""
紬希 ツムギ 結愛 ユア 心結 ミユ 美桜 ミオ 彩葉 イロハ 澪 ミオ 莉央 リオ 日葵 ヒマリ 杏奈 アンナ 花 ハナ 光 ヒカリ
夏希 ナツキ 柚葉 ユズハ 美結 ミユ 優月 ユヅキ 環奈 カンナ 梨花 リカ 早紀 サキ 香澄 カスミ 真由 マユ 円 マドカ
千紗 チサ 史佳 フミカ 玲奈 レナ 未来 ミライ 弥生 ヤヨイ みのり ミノリ 和花 ノドカ 瑞希 ミズキ 珠希 タマキ
"""),
    ),
    MEN,
    WOMEN,
)
"""A city draws from more."""

SPELLINGS = {
    "高橋": "髙橋",
    "山崎": "山﨑",
    "渡辺": "渡邊",
    "斎藤": "齋藤",
    "吉田": "𠮷田",
    "福田": "\ufa1b田",
    "神田": "\ufa19田",
    "浜田": "濵田",
}
"""Usual spelling → one that some families are registered with."""


class Foreign(NamedTuple):
    """Families of one mother tongue: names as registered, and the common family name (通称) of their children, where
    one is used. Of each list the first is borne in every town."""

    language: str
    """BCP 47."""
    families: tuple[Named, ...]
    boys: tuple[Named, ...]
    girls: tuple[Named, ...]
    fathers: tuple[Named, ...]
    mothers: tuple[Named, ...]
    common_family: Named | None = None


def _spelt(text: str) -> tuple[Named, ...]:
    """Names with blanks in them: one a line, the reading after the colon."""
    return tuple(Named(*line.split(": ")) for line in text.strip().splitlines())


FOREIGN = (
    Foreign(
        "vi",
        _pairs("NGUYEN グエン TRAN チャン PHAM ファム LE レー"),
        _spelt("VAN MINH: ヴァン ミン\nQUOC BAO: クオック バオ\nDUC ANH: ドゥック アイン"),
        _spelt("THI LAN: ティ ラン\nTHI MAI: ティ マイ\nNGOC LINH: ゴック リン"),
        _spelt("VAN HUNG: ヴァン フン\nVAN TUAN: ヴァン トゥアン"),
        _spelt("THI HOA: ティ ホア\nTHI THU: ティ トゥー"),
    ),
    Foreign(
        "pt",
        _spelt(
            "SILVA SANTOS: シルヴァ サントス\nOLIVEIRA COSTA: オリヴェイラ コスタ\nSOUZA LIMA: ソウザ リマ"
        ),
        _pairs("LUCAS ルーカス GABRIEL ガブリエル PEDRO ペドロ"),
        _pairs("MARIANA マリアナ BEATRIZ ベアトリス LARISSA ラリッサ"),
        _pairs("CARLOS カルロス MARCELO マルセロ"),
        _spelt("ANA PAULA: アナ パウラ\nFERNANDA: フェルナンダ"),
    ),
    Foreign(
        "zh",
        _pairs("王 ワン 李 リー 張 チャン 劉 リウ 陳 チェン"),
        _pairs("子軒 ズーシュエン 浩然 ハオラン 宇航 ユーハン"),
        _pairs("梓涵 ズーハン 雨桐 ユートン 欣怡 シンイー"),
        _pairs("偉 ウェイ 強 チャン"),
        _pairs("芳 ファン 麗 リー"),
    ),
    Foreign(
        "ko",
        _pairs("KIM キム PARK パク CHOI チェ"),
        _pairs("MINJUN ミンジュン JIHO ジホ"),
        _pairs("SEOYEON ソヨン HAEUN ハウン"),
        _pairs("DONGHYUN ドンヒョン SUNGHO ソンホ"),
        _pairs("JIYOUNG ジヨン EUNJUNG ウンジョン"),
        Named("金田", "カネダ"),
    ),
    Foreign(
        "fil",
        _spelt("DELA CRUZ: デラ クルス\nREYES: レイエス\nBAUTISTA: バウティスタ"),
        _spelt("JOSE MIGUEL: ホセ ミゲル\nJOSHUA: ジョシュア"),
        _pairs("ANGELICA アンジェリカ JASMINE ジャスミン"),
        _pairs("RAMON ラモン ROBERTO ロベルト"),
        _pairs("MARITES マリテス ROWENA ロウェナ"),
        Named("田村", "タムラ"),
    ),
    Foreign(
        "ne",
        _pairs("GURUNG グルン SHRESTHA シュレスタ TAMANG タマン"),
        _pairs("BISHAL ビシャル AAYUSH アーユシュ"),
        _pairs("SITA シタ ANUSHA アヌシャ"),
        _pairs("PREM プレム RAJU ラジュ"),
        _pairs("MAYA マヤ SUNITA スニタ"),
    ),
    Foreign(
        "es",
        _spelt("QUISPE MAMANI: キスペ ママニ\nFLORES RAMOS: フローレス ラモス"),
        _pairs("DIEGO ディエゴ MATEO マテオ"),
        _pairs("CAMILA カミラ VALERIA バレリア"),
        _pairs("LUIS ルイス JORGE ホルヘ"),
        _pairs("ROSA ロサ CARMEN カルメン"),
    ),
    Foreign(
        "id",
        _pairs("SANTOSO サントソ WIJAYA ウィジャヤ"),
        _pairs("BUDI ブディ RIZKY リズキ"),
        _pairs("PUTRI プトリ AYU アユ"),
        _pairs("AGUS アグス HENDRA ヘンドラ"),
        _pairs("DEWI デウィ RATNA ラトナ"),
    ),
    Foreign(
        "en",
        _pairs("MILLER ミラー THOMPSON トンプソン"),
        _pairs("ETHAN イーサン OLIVER オリバー"),
        _pairs("EMILY エミリー GRACE グレース"),
        _pairs("DAVID デービッド MARK マーク"),
        _pairs("SUSAN スーザン KAREN カレン"),
    ),
)
"""Nine mother tongues beside Japanese, each spoken by the guardians of at least one family of every part of a city."""

LANGUAGES_OF_A_TOWN = 6
"""The first of them are spoken in a small town too."""

COMMON_GIVEN_BOY = Named("大地", "ダイチ")
COMMON_GIVEN_GIRL = Named("由奈", "ユナ")

SCHOOL_WORDS = (
    *("第一", "第二", "ひがし", "にし", "みなみ", "きた", "中央", "桜木", "緑ヶ丘", "川辺", "青葉", "若草"),
    *("松原", "泉", "城山", "花園", "富士見", "清流", "白鳥", "梅園", "光が丘", "大和"),
)
"""Names of elementary schools; the first one has the class that is shown first."""

PLACES = (
    *(
        "桜木",
        "緑ヶ丘",
        "川辺",
        "青葉",
        "若草",
        "松原",
        "泉",
        "城山",
        "花園",
        "富士見",
        "清流",
        "白鳥",
        "梅園",
    ),
    *(
        "光が丘",
        "大和",
        "美里",
        "朝日",
        "栄",
        "本町",
        "港",
        "浜田",
        "山手",
        "日吉",
        "柏",
        "竹園",
        "藤沢",
        "萩原",
    ),
    *("千代田", "平和", "希望ヶ丘", "旭", "寿", "幸", "高砂", "常盤", "吉野", "八幡", "宮前", "大池", "石橋"),
    *(
        "谷津",
        "根岸",
        "田園",
        "星川",
        "月見",
        "春日",
        "秋葉",
        "雪谷",
        "原",
        "岡",
        "滝",
        "峰",
        "瀬戸",
        "島",
        "野田",
    ),
)
"""Parts of a city; with the words before them, they name its schools."""

SIDES = ("", "東", "西", "南", "北", "上", "下", "新", "大", "小")
