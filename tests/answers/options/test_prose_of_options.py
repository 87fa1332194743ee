"""Prose that answers without naming an option by its text: by findings, sides, courses, the whole film."""

import pytest

from tests.answers.options.test_families import accuracy

FINDINGS = ["Atelectasis", "Rib fracture", "Cardiomegaly", "Pulmonary edema"]
DEVICES = ["Endotracheal tube", "Nasogastric tube", "Central venous catheter", "Pacemaker"]
SIDED = ["Left pleural effusion", "Right pleural effusion", "No pleural effusion"]
SIDES = ["Left", "Right", "Both sides"]
COURSES = ["Improving", "Stable", "Worsening"]
FILM = ["Normal", "Abnormal"]


def chosen(text: str, options: list[str], question: str = "What does the film show?", **more: object) -> str | None:
    """The one option that makes this reply right; None if the reply has no accuracy whichever is right."""
    case = {"question": question, "options": options, **more}
    grades = {right: accuracy({**case, "answer": right}, text) for right in options}
    assert set(grades.values()) in ({None}, {0, 1})
    return next((right for right, grade in grades.items() if grade), None)


@pytest.mark.parametrize(
    ("text", "options", "option"),
    [
        ("The heart is enlarged.", FINDINGS, "Cardiomegaly"),
        ("There is mild interstitial edema.", FINDINGS, "Pulmonary edema"),
        ("I'm not a radiologist, but the heart looks enlarged.", FINDINGS, "Cardiomegaly"),
        ("I considered edema, but it is a fractured rib.", FINDINGS, "Rib fracture"),
        ("The left clavicle is fractured: a clavicle fracture.", FINDINGS, None),
        ("The heart is not enlarged.", FINDINGS, None),
        ("The heart is enlarged and there is edema.", FINDINGS, None),
        ("An ETT is in place.", DEVICES, "Endotracheal tube"),
        ("A CVC is seen.", DEVICES, "Central venous catheter"),
        ("<answer>A small effusion on the right.</answer>", SIDED, "Right pleural effusion"),
        ("The pleural spaces are clear, without an effusion.", SIDED, "No pleural effusion"),
        ("There is an effusion.", SIDED, None),
        ("On the patient's right", SIDES, "Right"),
        ("It is left-sided.", SIDES, "Left"),
        ("Left lung base", SIDES, "Left"),
        ("L", SIDES, "Left"),
        ("bilateral", SIDES, "Both sides"),
        ("Not on the left", SIDES, None),
        ("There is a mass in the left lung.", FILM, "Abnormal"),
        ("It isn't normal.", FILM, "Abnormal"),
        ("The film is not entirely normal.", FILM, "Abnormal"),
        ("Unremarkable study.", FILM, "Normal"),
    ],
)
def test_options_in_other_words(text: str, options: list[str], option: str | None) -> None:
    assert chosen(text, options) == option


def test_a_conclusion_without_a_cue_behind_many_sentences() -> None:
    text = (
        "The lungs are well inflated. The hila are normal. There is no effusion. The spine is straight. The ribs are "
        "intact. These findings are in keeping with an enlarged heart."
    )
    assert chosen(text, FINDINGS) == "Cardiomegaly"


def test_reasons_in_brackets_hide_no_option() -> None:
    case = {"question": "What is seen?", "options": FINDINGS, "task": "multiple"}
    text = "The following apply:\n1. Cardiomegaly (a wide heart)\n2. Pulmonary edema (hazy hila)"
    assert accuracy({**case, "answer": ["Cardiomegaly"]}, text) is None


@pytest.mark.parametrize(
    ("text", "option"),
    [("Smaller than before", "Improving"), ("The effusion has cleared.", "Improving"), ("A larger effusion.", None),
     ("The effusion has grown.", "Worsening"), ("The edema is worse, the effusion unchanged.", None)],
)  # fmt: skip
def test_courses_in_other_words(text: str, option: str | None) -> None:
    assert chosen(text, COURSES, "How has the effusion changed?", findings=["pleural effusion"]) == option


@pytest.mark.parametrize(
    ("question", "text", "option"),
    [
        ("Is there a nodule?", "I see one, on the left.", "Yes"),
        ("Is there a nodule?", "Not that I can see.", "No"),
        ("Is there a nodule?", "No acute abnormality. The lungs are clear.", "No"),
        ("Is there a nodule?", "Normal", "No"),
        ("Is there a nodule?", "Within normal limits.", "No"),
        ("Is there a nodule?", "There is an effusion, but no acute abnormality.", None),
        ("Is there a pacemaker?", "Normal", None),
        ("Is there a nodule?", "Yes, no nodule is seen.", None),
        ("Is there a nodule?", "No, there is a nodule.", None),
        ("Is there a nodule?", "Is there a nodule? I would say no.", "No"),
        ("Is there a nodule?", "I wouldn't say there is no nodule.", None),
        ("Is this film normal?", "There is a nodule.", "No"),
        ("Is this film normal?", "Normal.", "Yes"),
        ("Is this film normal?", "The film is abnormal.", "No"),
        ("Is this film normal?", "No abnormality is seen.", "Yes"),
        ("Are the lungs clear?", "There is a consolidation.", "No"),
        ("Are the lungs clear?", "The lungs are clear.", "Yes"),
        ("Is this film normal?", "Not normal.", "No"),
        ("Is there any abnormality?", "There is a rib fracture.", "Yes"),
        ("Is there any abnormality?", "The chest is normal.", "No"),
        ("Is there a nodule?", "A nodule? No.", "No"),
        ("Is there a nodule?", "I was asked about a nodule. I see none.", "No"),
        ("Is there a nodule?", "Is it a nodule? I don't think so.", "No"),
        ("Is there a nodule?", "Is it a nodule? Is it growing? No.", None),
        ("Is there a nodule?", "Yes, there is a nodule. There is no nodule.", None),
        ("Is there a nodule?", "In my opinion, no.", "No"),
        ("Is there a nodule?", "Without question, yes.", "Yes"),
        ("Is there a nodule?", "A nodule does not seem to be there.", "No"),
        ("Is there a nodule?", "A nodule is unlikely to be present.", "No"),
        ("Is there a nodule?", "Everything is normal.", "No"),
        ("Is there a nodule?", "Non, on ne voit pas de nodule.", "No"),
        ("Is the heart normal?", "The heart is enlarged.", "No"),
        ("Is the heart normal?", "There is an effusion.", None),
    ],
)
@pytest.mark.parametrize("options", [["Yes", "No"], []], ids=["options", "no options"])
def test_yes_or_no_in_other_words(question: str, text: str, option: str | None, options: list[str]) -> None:
    grades = [accuracy({"question": question, "options": options, "answer": right}, text) for right in ("Yes", "No")]
    assert grades == ([None, None] if option is None else [option == "Yes", option == "No"])


@pytest.mark.parametrize(
    ("question", "reply", "right"),
    [
        ("Is there a new effusion?", "No, there is an effusion, which is old.", "No"),
        ("Is the nodule calcified?", "No, the nodule is present but not calcified.", "No"),
        ("Is there a left pleural effusion?", "No. There is a pleural effusion, but on the right.", "No"),
        ("Is there an effusion or a pneumothorax?", "Yes, there is an effusion. There is no pneumothorax.", "Yes"),
        ("Does the film rule out effusion?", "Yes, no effusion is seen.", "Yes"),
    ],
)
def test_what_is_said_of_more_than_the_finding_contradicts_nothing(question: str, reply: str, right: str) -> None:
    assert chosen(reply, ["Yes", "No"], question) == right


@pytest.mark.parametrize("reply", ["The left lung is clear", "Left hemithorax normal", "nothing on the left side"])
def test_what_is_well_on_a_side_chooses_no_side(reply: str) -> None:
    assert chosen(reply, ["Left", "Right"], "Which side?") is None


def test_all_of_another_number_and_a_word_of_small_letters_choose_nothing() -> None:
    case = {"question": "Which are seen?", "options": [*FINDINGS], "answer": [*FINDINGS]}
    replies = ["All four", "All three", "abcd", "bad"]
    assert [accuracy(case, reply) for reply in replies] == [1, None, 1, None]


def test_an_article_is_no_letter_beside_an_accent() -> None:
    case = {"question": "Which is seen?", "options": [*FINDINGS], "answer": FINDINGS[0]}
    assert accuracy(case, "R\u00e9sum\u00e9: neither A nor B. It is false that a is correct.") is None
    assert accuracy(case, "Die L\u00f6sung: Antwort A ist richtig") == 1
