"""The families of replies: each way in which models give an answer, written by us with the right reading beside it."""

import pytest

from cxr_cli.answers.grading import grade

OPTIONS = ["Hernia", "Nodule", "Rib fracture", "Edema"]


def accuracy(case: dict, text: str | None, finish: str | None = None) -> float | None:
    return grade(case, text, finish)[0]["accuracy"]


def one(text: str, right: str = "Nodule", finish: str | None = None) -> float | None:
    return accuracy({"question": "What does the film show?", "options": OPTIONS, "answer": right}, text, finish)


def several(text: str, *right: str) -> float | None:
    case = {"question": "What does the film show?", "options": OPTIONS, "task": "multiple", "answer": list(right)}
    return accuracy(case, text)


JSON = [
    '{"answer": "B"}',
    '{"Answer": "B) Nodule"}',
    '{"final answer": "(B)"}',
    '{"finalAnswer": "nodule"}',
    '{"choice": "B"}',
    '{"selected_option": "B"}',
    '{"option": "b"}',
    '{"prediction": "Nodule"}',
    '{"label": "B", "confidence": 0.8}',
    '{"thought": "Not A, since the hiatus is closed.", "answer": "B."}',
    '{"answer": "B", "explanation": "A and D would look otherwise."}',
    '```json\n{"answer": "B"}\n```',
    '```\n{\n  "explanation": "Round, in the left lung.",\n  "answer": "Nodule"\n}\n```',
    'Here is my reply:\n```json\n{"reason": "round", "answer": "B"}\n```\nI hope this helps.',
    '<think>It is round.</think>{"answer": "B"}',
    '<think>It is round.</think>\n<answer>{"answer": "B"}</answer>',
    '<answer>{"choice": ["B"]}</answer>',
    '["B"]',
    '"B"',
    '[{"answer": "B"}]',
    '{"result": {"answer": "B"}}',
    "{'answer': 'B'}",
    "{answer: B}",
    '{"answer": "B",}',
    '{"answer": {"letter": "B", "text": "Nodule"}}',
    'The answer is {"answer": "B"}',
    '{"reasoning": "I looked at A first.", "answer": "B"',
]


@pytest.mark.parametrize("text", JSON)
def test_json(text: str) -> None:
    assert one(text) == 1


LANGUAGES = [
    "答案：B",
    "答案: B",
    "正确答案是 B。",
    "正确答案为B",
    "最终答案：（B）",
    "答案选B。",
    "选择B",
    "我选 B。",
    "因此，答案是（B）结节。",
    "故选：B",
    "综上所述，选项B正确。",
    "【答案】B",
    "答案：\n\nB",
    "胸片显示左肺有一个圆形病灶。因此答案是 B) Nodule。",
    "<answer>答案：Ｂ</answer>",
    "Ｂ．",
    "（Ｂ）",
    "Ｂ）結節",
    "答えはBです。",
    "答え：B",
    "正解：B",
    "正解はBです",
    "回答：（B）",
    "解答: B",
    "選択肢Bです。",
    "よって、答えは B です。",
    "정답: B",
    "정답은 B입니다.",
    "답: B",
    "답은 (B)입니다",
    "Antwort: B",
    "Die Antwort ist B.",
    "Die richtige Antwort lautet B.",
    "Richtige Antwort: B) Nodule",
    "Antwort B ist richtig.",
    "Option B ist richtig.",
    "Lösung: B",
    "Réponse : B",
    "Réponse: (B)",
    "La réponse est B.",
    "La bonne réponse est la B.",
    "Réponse finale : **B**",
    "La réponse correcte est B) Nodule.",
    "Respuesta: B",
    "La respuesta es B.",
    "La respuesta correcta es la B.",
    "La opción correcta es la B.",
    "Opción B",
    "Risposta: B",
    "La risposta corretta è B.",
    "La risposta è la B",
    "Opzione B",
    "Resposta: B",
    "A resposta é B.",
    "A resposta correta é a letra B.",
    "Alternativa B",
    "Ответ: B",
    "Ответ: В",
    "Правильный ответ: B.",
    "Правильный ответ — B.",
    "Вариант B",
    "Antwoord: B",
    "Het juiste antwoord is B.",
    "Odpowiedź: B",
    "Cevap: B",
    "Doğru cevap: B",
    "Đáp án: B",
    "Đáp án đúng là B.",
    "الإجابة: B",
    "الإجابة الصحيحة هي B",
    "उत्तर: B",
    "Svar: B",
    "Ⓑ",
    "Jawaban: B",
    "Vastaus: B",
]


@pytest.mark.parametrize("text", LANGUAGES)
def test_other_languages(text: str) -> None:
    assert one(text) == 1


YES_NO_ELSEWHERE = [
    ("答案：否", "No"),
    ("是", "Yes"),
    ("是的，有积液。", "Yes"),
    ("没有。", "No"),
    ("はい", "Yes"),
    ("いいえ、胸水はありません。", "No"),
    ("네", "Yes"),
    ("아니요", "No"),
    ("Nein.", "No"),
    ("Ja, rechts.", "Yes"),
    ("Antwort: Nein", "No"),
    ("Oui", "Yes"),
    ("Non, aucun épanchement.", "No"),
    ("Sí.", "Yes"),
    ("Respuesta: Sí", "Yes"),
    ("Sì, a destra.", "Yes"),
    ("Sim", "Yes"),
    ("Não.", "No"),
    ("Да", "Yes"),
    ("Нет, выпота нет.", "No"),
    ("<answer>Нет</answer>", "No"),
]


@pytest.mark.parametrize(("text", "right"), YES_NO_ELSEWHERE)
def test_yes_and_no_in_other_languages(text: str, right: str) -> None:
    case = {"question": "Is there a pleural effusion?", "options": ["Yes", "No"], "answer": right}
    assert accuracy(case, text) == 1


LETTERS = [
    "B",
    "b",
    "B.",
    "b)",
    "(b)",
    "[B]",
    "{B}",
    "<B>",
    '"B"',
    "'B'",
    "`B`",
    "“B”",
    "*B*",
    "**B**",
    "__B__",
    "B:",
    "B -",
    "- B",
    "> B",
    "# B",
    "B!",
    "\\boxed{B}",
    "$\\boxed{\\text{B}}$",
    "\\boxed{(B)}",
    "\\boxed{B) Nodule}",
    "\\fbox{B}",
    "\\(B\\)",
    "$B$",
    "Answer B",
    "Answer (B)",
    "Answer: [B]",
    "Answer = B",
    "Answer - B",
    "Answer is B",
    "Ans: B",
    "Ans. B",
    "ANSWER: B",
    "Answer:\nB",
    "Answer:\n\n**B**",
    "**Answer:** B",
    "**Answer: B**",
    "### Answer\nB",
    "## Final Answer\n\n(B) Nodule",
    "#### B",
    "The answer: B",
    "My answer: B",
    "My answer is (B).",
    "Final: B",
    "Final choice: B",
    "My choice: B",
    "My pick: B",
    "I pick B",
    "I'd go with B.",
    "I would choose option B.",
    "I vote for B",
    "Choice B",
    "Choice: B",
    "Option B",
    "Option: B",
    "Option (B)",
    "option b",
    "Letter B",
    "Letter: B",
    "Selected: B",
    "Selected option: B",
    "Select B",
    "Correct: B",
    "Correct option: B",
    "The correct letter is B.",
    "Result: B",
    "Output: B",
    "Response: B",
    "Prediction: B",
    "Solution: B",
    "Conclusion: B",
    "Diagnosis: B",
    "Finding: B",
    "Impression: B",
    "Verdict: B",
    "Decision: B",
    "Label: B",
    "It is B.",
    "It's B",
    "It must be B.",
    "I think B",
    "I think it's B.",
    "I believe the answer is B",
    "So B.",
    "So, B",
    "Thus B.",
    "Therefore, B",
    "Hence (B).",
    "Definitely B.",
    "Probably B",
    "Most likely B.",
    "B is correct.",
    "B is right",
    "B is the answer.",
    "(B) is the best choice.",
    "B fits best.",
    "B it is.",
    "B, because it is round.",
    "B since the edge is sharp",
    "B. It is round and has a sharp edge",
    "B) It is round",
    "B - round, with a sharp edge",
    "B: round shadow in the left lung",
    "(B) because of the round shadow",
    "B (Nodule)",
    "B=Nodule",
    "B. nodule.",
    "Nodule",
    "nodule.",
    "NODULE",
    "Nodule (B)",
    "Nodule [B]",
    "Nodule - B",
    "Nodule, B",
    "Nodule, option B",
    "Nodule, i.e. B",
    "A nodule.",
    "Assistant: B",
    "Assistant: The answer is B.",
    "AI: B",
    "A: wrong. C: wrong. D: wrong. B: right.",
    "A is wrong, C is wrong, D is wrong. Answer: B",
    "Excluded: A, C and D. So the answer is B.",
    "Not A, not C, not D. Answer B.",
    "Not A but B.",
    "Not A. B.",
    "It is not A but B",
    "It is B, not A.",
    "B, not D",
    "B rather than A",
    "B instead of C",
    "Rather B than A.",
    "A? No, it is B.",
    "A? No. B.",
    "A? No, B",
    "D? No. A? No. B? Yes.",
    "Is it A? No. It is B.",
    "At first A, but on reflection B.",
    "First I thought A, but the answer is B.",
    "A or B? B.",
    "A - no, B.",
    "A... no wait, B.",
    "A. Wait, no: B.",
    "Between B and D, I choose B.",
    "Either A or B; I go for B.",
    "The answer is A. Correction: the answer is B.",
    "The answer is A. Actually, B.",
]


@pytest.mark.parametrize("text", LETTERS)
def test_letters(text: str) -> None:
    assert one(text) == 1


@pytest.mark.parametrize("text", [t for t in LETTERS if "\n" not in t and not t.startswith(("<", "\\(", "A"))])
def test_letters_in_the_answer_tag(text: str) -> None:
    assert one(f"<think>A round shadow.</think><answer>{text}</answer>") == 1


NOT_ONE_ANSWER = [
    "",
    "A or B",
    "A, B",
    "Either A or B.",
    "Not B.",
    "B is wrong.",
    "None",
    "E",
    "I cannot determine the answer.",
    "Unable to determine from the image.",
    "It is not possible to say whether it is A or B.",
    "Options: A) Hernia B) Nodule C) Rib fracture D) Edema",
    "A film of a patient.",
    "I see a film.",
    "Is it B?",
    "B?",
    "If it were round, B.",
    '{"reasoning": "B would be round."}',
    "{}",
    "[]",
    '{"answer": null}',
    '{"answer": ""}',
]


@pytest.mark.parametrize("text", NOT_ONE_ANSWER)
def test_no_answer_is_read_where_none_is_given(text: str) -> None:
    assert one(text) is None


BOTH = [
    "B and D",
    "B, D",
    "B,D",
    "B;D",
    "B; D",
    "B/D",
    "B & D",
    "B + D",
    "B|D",
    "B D",
    "BD",
    "b, d",
    "b and d",
    "B. D.",
    "B.\nD.",
    "B\nD",
    "- B\n- D",
    "1. B\n2. D",
    "* Nodule\n* Edema",
    "(B), (D)",
    "(B)(D)",
    "(B) and (D)",
    "[B][D]",
    "[B, D]",
    "{B, D}",
    "['B', 'D']",
    '["B", "D"]',
    '["Nodule", "Edema"]',
    '{"answer": ["B", "D"]}',
    '{"answers": ["B", "D"]}',
    '{"answer": "B, D"}',
    '{"A": false, "B": true, "C": false, "D": true}',
    '{"Hernia": "no", "Nodule": "yes", "Rib fracture": "no", "Edema": "yes"}',
    "Both B and D",
    "both b and d.",
    "B as well as D",
    "B plus D",
    "B, then D",
    "B and also D",
    "B, D only",
    "Only B and D.",
    "B) Nodule, D) Edema",
    "B) Nodule D) Edema",
    "(B) Nodule (D) Edema",
    "B. Nodule\nD. Edema",
    "B: Nodule; D: Edema",
    "Nodule (B) and edema (D)",
    "Nodule and edema",
    "Nodule, Edema",
    "Nodule | Edema",
    "Answer: B, D",
    "ANSWER: B and D",
    "Answers: B & D",
    "The answers are B and D.",
    "The correct options are B and D.",
    "B and D are correct.",
    "\\boxed{B, D}",
    "\\boxed{BD}",
    "\\boxed{B} and \\boxed{D}",
    "Options B and D",
    "options B, D",
    "Hernia: no\nNodule: yes\nRib fracture: no\nEdema: yes",
    "A: no\nB: yes\nC: no\nD: yes",
    "A) No\nB) Yes\nC) No\nD) Yes",
    "A - absent, B - present, C - absent, D - present",
    "A: false, B: true, C: false, D: true",
    "A ✗\nB ✓\nC ✗\nD ✓",
    "A. ❌ B. ✅ C. ❌ D. ✅",
    "答案：B、D",
    "答案是BD",
    "Ｂ、Ｄ",
    "Antwort: B und D",
    "Réponses : B et D",
    "Respuesta: B y D",
    "Not A or C, but B and D.",
    "B and D, not A.",
    "B and D but not C",
]


@pytest.mark.parametrize("text", BOTH)
def test_several_letters(text: str) -> None:
    assert several(text, "Nodule", "Edema") == 1


@pytest.mark.parametrize("text", [text for text in BOTH if "\n" not in text and "boxed" not in text])
def test_several_letters_in_the_answer_tag(text: str) -> None:
    assert several(f"<think>Look.</think><answer>{text}</answer>", "Nodule", "Edema") == 1


@pytest.mark.parametrize(
    "text",
    [
        "None of the above",
        "None.",
        "Neither.",
        "<answer>None of these</answer>",
        '{"answer": []}',
        '{"answer": "none"}',
    ],
)
def test_none_of_them(text: str) -> None:
    """To call none of the options right is an answer: wrong where one is right."""
    assert several(text, "Nodule") == 0
    assert several(text) == 1


YES_OR_NO = [
    # plain
    ("No", "No"),
    ("no.", "No"),
    ('"No"', "No"),
    ("'No'", "No"),
    ("**No**", "No"),
    ("[No]", "No"),
    ("{No}", "No"),
    ("NO!", "No"),
    ("Assistant: No", "No"),
    ("assistant\nNo", "No"),
    ("AI: No.", "No"),
    ("Answer: No", "No"),
    ("Answer no", "No"),
    ("Nope.", "No"),
    ("Nah", "No"),
    ("False", "No"),
    ("0", "No"),
    ("Negative", "No"),
    ("Absent", "No"),
    ("Not present", "No"),
    ("No, there isn't.", "No"),
    ("No - the angles are sharp", "No"),
    ("No. Otherwise a normal film, I'd say.", "No"),
    ("No. If in doubt, repeat the film.", "No"),
    ("No, unless the patient lies.", "No"),
    ("Not at all.", "No"),
    ("Definitely not.", "No"),
    ("I don't think so.", "No"),
    ("There isn't.", "No"),
    ("There is not.", "No"),
    ("Yes", "Yes"),
    ("Yes!", "Yes"),
    ("Yep", "Yes"),
    ("True", "Yes"),
    ("1", "Yes"),
    ("Positive.", "Yes"),
    ("Present", "Yes"),
    ("Yes, it does.", "Yes"),
    ("There is.", "Yes"),
    ("Definitely yes.", "Yes"),
    ("Indeed.", "Yes"),
    ("Certainly.", "Yes"),
    ("I think so.", "Yes"),
    ("Correct.", "Yes"),
    # prose
    ("I see no pleural effusion.", "No"),
    ("I see none.", "No"),
    ("I can't see a pleural effusion.", "No"),
    ("I do not see any effusion.", "No"),
    ("I see nothing that suggests an effusion.", "No"),
    ("Nothing points to a pleural effusion.", "No"),
    ("Nothing here indicates a pleural effusion.", "No"),
    ("There is nothing suggestive of a pleural effusion.", "No"),
    ("No sign of an effusion.", "No"),
    ("There are no signs of pleural effusion.", "No"),
    ("There is hardly anything to suggest an effusion.", "No"),
    ("There is little evidence of a pleural effusion.", "No"),
    ("There is not enough to call it a pleural effusion.", "No"),
    ("The film doesn't show a pleural effusion.", "No"),
    ("The image does not provide clear evidence of a pleural effusion.", "No"),
    ("The film fails to show a pleural effusion.", "No"),
    ("The pleural space is free of effusion.", "No"),
    ("A pleural effusion is absent.", "No"),
    ("A pleural effusion is not seen.", "No"),
    ("A pleural effusion is not visible on this film.", "No"),
    ("A pleural effusion can be excluded.", "No"),
    ("A pleural effusion is ruled out.", "No"),
    ("Pleural effusion: none.", "No"),
    ("Pleural effusion - absent", "No"),
    ("Signs of a pleural effusion are lacking.", "No"),
    ("Evidence of an effusion is lacking.", "No"),
    ("There is a lack of evidence for pleural effusion.", "No"),
    ("The film is negative for pleural effusion.", "No"),
    ("It shows atelectasis rather than a pleural effusion.", "No"),
    ("It shows a nodule, not a pleural effusion.", "No"),
    ("It is atelectasis, not effusion.", "No"),
    ("Both costophrenic angles are sharp, so there is no effusion.", "No"),
    ("We can conclude:\n\nB) No", "No"),
    ("I find the pleural spaces clear. We can conclude that no effusion exists.", "No"),
    ("I am unable to see any pleural effusion.", "No"),
    ("One cannot find a pleural effusion here.", "No"),
    ("There is a pleural effusion.", "Yes"),
    ("I see a pleural effusion on the left.", "Yes"),
    ("An effusion can be made out on the left.", "Yes"),
    ("A pleural effusion is present.", "Yes"),
    ("A small pleural effusion is seen at the right base.", "Yes"),
    ("The film shows a pleural effusion.", "Yes"),
    ("It clearly shows an effusion.", "Yes"),
    ("This is a pleural effusion.", "Yes"),
    ("A pleural effusion is undoubtedly there.", "Yes"),
    ("There is without any doubt a pleural effusion.", "Yes"),
    ("Doubtless a pleural effusion.", "Yes"),
    ("Undoubtedly there is a pleural effusion.", "Yes"),
    ("No doubt about it: there is a pleural effusion.", "Yes"),
    ("There is no question that there is a pleural effusion.", "Yes"),
    ("The most likely finding is a pleural effusion.", "Yes"),
    ("The findings are consistent with a pleural effusion.", "Yes"),
    ("We can conclude that a pleural effusion is present.", "Yes"),
    ("The blunted angle indicates a pleural effusion.", "Yes"),
    ("The film is positive for pleural effusion.", "Yes"),
    ("Pleural effusion: present", "Yes"),
    ("Bilateral pleural effusions.", "Yes"),
    # no answer
    ("Unable to determine.", None),
    ("I am unable to determine whether there is an effusion.", None),
    ("It cannot be determined from this film.", None),
    ("I can't tell if there is a pleural effusion.", None),
    ("Undetermined", None),
    ("Indeterminate.", None),
    ("Uncertain.", None),
    ("Maybe.", None),
    ("Not sure", None),
    ("I don't know.", None),
    ("It is impossible to say whether a pleural effusion is present.", None),
    ("A pleural effusion cannot be excluded.", None),
    ("There may be a pleural effusion.", None),
    ("Is there a pleural effusion?", None),
    ("A pleural effusion is fluid around the lung.", None),
    ("I'm sorry, I cannot read medical images.", None),
    ("Yes or no?", None),
    ("Options: A) Yes B) No", None),
]

ASKED = {"question": "Is there a pleural effusion?"}


@pytest.mark.parametrize(("text", "said"), YES_OR_NO)
@pytest.mark.parametrize("options", [["Yes", "No"], []], ids=["options", "no options"])
def test_yes_or_no(text: str, said: str | None, options: list[str]) -> None:
    if not options and ") No" in text:
        pytest.skip("a letter needs options")
    expected = (None, None) if said is None else (float(said == "Yes"), float(said == "No"))
    got = tuple(accuracy({**ASKED, "options": options, "answer": right}, text) for right in ("Yes", "No"))
    assert got == expected


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        *[
            (word, "Yes")
            for word in ("Yes", "yes", "YES", "y", "1", 1, True, "true", "True", "positive", "present", "1.0")
        ],
        *[(word, "No") for word in ("No", "no", "n", "0", 0, False, "false", "False", "negative", "absent", "0.0")],
        *[(word, "No") for word in ("\\boxed{No}", "<answer>No</answer>", "No.", "No, there is none.", ["No"])],
    ],
)
@pytest.mark.parametrize("options", [["Yes", "No"], []], ids=["options", "no options"])
def test_references_of_closed_questions(reference: object, said: str, options: list[str]) -> None:
    case = {**ASKED, "options": options, "answer": reference}
    prose = {"Yes": "There is a pleural effusion.", "No": "There is no pleural effusion."}
    assert accuracy(case, said) == accuracy(case, prose[said]) == 1
    other = "No" if said == "Yes" else "Yes"
    assert accuracy(case, other) == accuracy(case, prose[other]) == 0


@pytest.mark.parametrize(
    "reference",
    [
        "AC", "A, C", "A,C", "A;C", "A; C", "A and C", "A/C", "A|C", "A C", "A & C", "ca", "\\boxed{A, C}",
        "\\boxed{AC}",
        "<answer> A, C </answer>", ["A", "C"], ["Hernia", "Rib fracture"], ["hernia", "rib fracture"], [0, 2],
        ["0", "2"],
        "hernia, rib fracture", "HERNIA; RIB FRACTURE", "Hernia|Rib fracture", '["A", "C"]', "['A', 'C']", "[0, 2]",
        "A) Hernia, C) Rib fracture", "(A)(C)", "A\nC", "Ａ、Ｃ", "答案：A、C", '{"answer": ["A", "C"]}',
    ],
)  # fmt: skip
def test_references_of_several(reference: object) -> None:
    case = {"question": "What is seen?", "options": OPTIONS, "answer": reference}
    assert accuracy(case, "A, C") == 1
    assert accuracy(case, "<answer>Hernia and rib fracture</answer>") == 1
    assert accuracy(case, "B") == 0
    assert accuracy(case, "A") == 0


@pytest.mark.parametrize(
    "reference",
    ["B", "b", "(B)", "B.", "B)", "\\boxed{B}", "**B**", "Nodule", "nodule", "NODULE", "nodule.", "a nodule", 1, "1",
     "B) Nodule", "B: Nodule", "Option B", "Answer: B", "<answer>B</answer>", "<think>Round.</think><answer>B</answer>",
     ["B"], '{"answer": "B"}', '"B"', "'B'", "Ｂ", "答案：B", "$\\boxed{B}$"],
)  # fmt: skip
def test_references_of_one(reference: object) -> None:
    case = {"question": "What is seen?", "options": OPTIONS, "answer": reference}
    assert accuracy(case, "B") == 1
    assert accuracy(case, "A nodule.") == 1
    assert accuracy(case, "<answer>C</answer>") == 0


CUT_OFF = [
    "<think>The answer seems to be A, but let me look at the left",
    "<think>Options: A) Hernia B) Nodule. Option B fits best, if",
    "<think>\nIt is B. Wait, the edge",
    "<think>So the answer is B",
    "<think>B",
    "<think>I see no nodule. There is a hernia.",
    "<think>Answer: A? Let me check the other",
    "<think>The final answer is A, unless the",
    "<think> Hernia. </think> <think> The answer is A",
    "<think>A) Hernia\nB) Nodule\nC)",
    "<THINK>the correct option is C because",
    "<think>答案是A，但是",
    "<think>\n**Step 1** Look.\n**Step 2** It must be A",
    "<think>Not A. Not C. B",
    "<think>first look: option A. second look: option",
    "<think>The final answer would be C, were it not for",
]


@pytest.mark.parametrize("text", CUT_OFF)
def test_a_thought_that_was_cut_off_has_no_answer(text: str) -> None:
    assert one(text) is None
    if "</think>" not in text:
        assert one(text.replace("<think>", "").replace("<THINK>", ""), finish="length") is None


@pytest.mark.parametrize(
    "text",
    [
        "<think>It is round.\n<answer>B</answer>",
        "<think>It is round. <answer>B",
        "<think>It is round.\n\\boxed{B}",
        "<think>It is round, so \\boxed{B}.",
        "<think>It is round.\n\nAnswer: B",
        "<think>It is round.\n\nFinal answer: B",
        "<think>It is round.\n\n**Final Answer:** (B) Nodule",
        "<think>It is round.\n答案：B",
        "<think>Round.</think> The answer is B.",
        "Round.</think> B",
    ],
)
def test_an_answer_that_is_marked_counts_after_an_open_thought(text: str) -> None:
    assert one(text) == 1


def test_a_reply_without_tags_that_was_not_cut_off_is_read() -> None:
    assert one("It is round, so the answer is B.", finish="stop") == 1
    assert one("It is round, so the answer is B.", finish=None) == 1
    assert one("<think>Round.</think> B", finish="length") == 1
