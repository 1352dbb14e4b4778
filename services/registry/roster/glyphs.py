"""Forms of characters that people type for each other when they look for a name. For search alone: no name is changed.

Two sources: the old forms that 戸籍法施行規則 別表第二の二 allows in names beside their new ones, and the variants that
municipal registers meet most (髙, 﨑, 濵, 渡邉, 斎藤 in its four ways). Forms that Unicode itself calls the same as
another (U+FA19 of 神) are folded by NFKC before this table is asked.
"""

from __future__ import annotations

_OLD_AND_NEW = (
    "亞亜 惡悪 爲為 榮栄 衞衛 圓円 緣縁 薗園 應応 櫻桜 奧奥 橫横 溫温 價価 壞壊 懷懐 樂楽 渴渇"
    " 卷巻 陷陥 寬寛 氣気 僞偽 戲戯 虛虚 峽峡 狹狭 曉暁 駈駆 勳勲 薰薫 惠恵 揭掲 鷄鶏 藝芸 擊撃"
    " 縣県 儉倹 劍剣 險険 圈圏 檢検 顯顕 驗験 嚴厳 廣広 恆恒 黃黄 國国 黑黒 碎砕 雜雑 兒児 濕湿"
    " 實実 壽寿 收収 從従 澁渋 獸獣 縱縦 緖緒 敍叙 將将 涉渉 燒焼 奬奨 條条 狀状 乘乗 淨浄 剩剰"
    " 疊畳 孃嬢 讓譲 釀醸 眞真 寢寝 愼慎 盡尽 粹粋 醉酔 穗穂 瀨瀬 靜静 攝摂 專専 戰戦 纖繊 禪禅"
    " 壯壮 爭争 莊荘 搜捜 巢巣 曾曽 裝装 瘦痩 騷騒 增増 藏蔵 臟臓 卽即 帶帯 滯滞 瀧滝 單単 團団"
    " 彈弾 晝昼 鑄鋳 廳庁 徵徴 聽聴 鎭鎮 轉転 傳伝 嶋島 燈灯 盜盗 稻稲 德徳 拜拝 盃杯 賣売 髮髪"
    " 拔抜 晚晩 祕秘 冨富 拂払 佛仏 步歩 峯峰 飜翻 每毎 萬万 默黙 埜野 彌弥 藥薬 與与 搖揺 樣様"
    " 謠謡 來来 賴頼 覽覧 龍竜 凉涼 綠緑 淚涙 壘塁 禮礼 曆暦 歷歴 鍊錬 郞郎 錄録 堯尭 槇槙 遙遥"
    " 瑤瑶 檜桧 藪薮 籠篭 禰祢 祿禄 鷗鴎 萠萌 會会 學学 澤沢 邊辺 邉辺 濱浜 濵浜 髙高 﨑崎 嵜崎"
    " 𠮷吉 栁柳 桒桑 舘館 嶌島 渕淵 籏旗 凛凜 曻昇 關関 鐵鉄 豐豊 寳宝 寶宝 辨弁 瓣弁 辯弁 圖図"
    " 體体 變変 點点 齒歯 鹽塩 龜亀 劔剣 莵兎 桺柳 斎斉 齋斉 齊斉"
)

FOLDED = str.maketrans({pair[0]: pair[1] for pair in _OLD_AND_NEW.split()})
"""Each form → the one that all of its kind are searched as. 斎藤 is found under 斉藤 and the other way round."""
