"""The languages that families' pages speak (services/dashboard/web/src/languages). Pure."""

from typing import Literal

Code = Literal["ja", "ja-x-easy", "en", "zh-Hans", "pt-BR", "es", "vi", "fil", "ne"]
