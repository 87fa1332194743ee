"""Words of one meaning: "true" is yes, "unremarkable" normal, "progressed" worsening."""

from cxr_cli.answers.wording.cleaning import plain

MEANINGS: dict[str, tuple[str, ...]] = {
    "yes": ("yes", "y", "yeah", "true", "present", "positive"),
    "no": ("no", "n", "nope", "false", "absent", "negative", "not present"),
    "normal": (
        *("normal", "unremarkable", "within normal limits", "no abnormality", "no abnormalities", "no acute findings"),
        *("no abnormal findings", "no acute abnormality", "no acute abnormalities", "not abnormal"),
    ),
    "abnormal": ("abnormal", "not normal"),
    "stable": (
        *("stable", "unchanged", "no change", "no significant change", "no interval change", "not changed", "same"),
        *("no significant interval change", "not significantly changed", "without change", "similar"),
    ),
    "worsening": (
        *("worsening", "worse", "worsened", "worsens", "progressed", "progressing", "progression", "progressive"),
        *("increased", "increasing", "deteriorated", "deteriorating", "deterioration"),
    ),
    "improving": (
        *("improving", "improved", "improves", "improvement", "better", "decreased", "decreasing", "resolved"),
        *("resolving", "resolution", "regressed", "regressing", "regression"),
    ),
}
MEANING = {word: meaning for meaning, words in MEANINGS.items() for word in words}
_YES_PHRASES = (
    "yep|yup|indeed|certainly|definitely|of course|i think so|i believe so|there is|there are|it is|it does|it is so"
    "|definitely yes|certainly yes|yes definitely|that is so|correct|that is correct|right|sure|1|1 0"
    "|affirmative|it is there|it seems so|it appears so|so it seems"
    "|likely|most likely|very likely|absolutely|apparently|probably"
)
_NO_PHRASES = (
    "nope|nah|not at all|definitely not|certainly not|of course not|i don t think so|i do not think so|there isn t"
    "|there is not|there are not|there aren t|there is none|there are none|it does not|it doesn t|it is not|it isn t"
    "|none|none seen|not seen|not visible|not there|0|0 0|incorrect|that is not so"
    "|by no means|nothing|unlikely|very unlikely|i doubt it|seems not"
    "|it seems not|most likely not|likely not|probably not|apparently not|none visible|nothing seen|i think not"
    "|i see none|i can see none|i find none"
)
_MEANT = dict.fromkeys(_YES_PHRASES.split("|"), "yes") | dict.fromkeys(_NO_PHRASES.split("|"), "no")


def yes_or_no_meant(text: str) -> str:
    """ "yes" or "no" where the whole text is a common way of saying it: "There isn't."; else ""."""
    return _MEANT.get(plain(text), "") if len(text) < 40 else ""
