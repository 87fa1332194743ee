"""What a short answer has chosen so far, as its words are read one by one."""


class Choice:
    """What has been chosen so far, of `count` options."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.choices: dict[int, bool] = {}  # option -> is it firm?
        self.recent: list[int] = []  # the options of this clause
        self.before: list[int] = []  # those of the clause before
        self.listed: list[int] = []  # the options in their order, as a list of them repeats them
        self.refused: set[int] = set()
        self.doomed: list[int] = []  # those before a "cannot be" that names nothing itself
        self.denying = self.tentative = self.names_any = self.all_but = self.any_wrong = self.either = False
        self.denying_block = False  # under a heading, "Not present:"

    def name(self, indexes: list[int]) -> None:
        self.names_any = True
        self.recent += indexes
        for index in indexes:
            if self.denying:
                self.refused.add(index)
                self.doomed = []
            else:
                self.choices[index] = not self.tentative or self.choices.get(index, False)
            if index == len(self.listed) and not self.denying:
                self.listed.append(index)
            elif index != len(self.listed) - 1:
                self.listed = [0][index:]
        if len(self.listed) == self.count > 2:  # "Of A, B, C and D .."
            self.choices = dict.fromkeys(self.choices, False)
            self.recent = []

    def judge(self, indexes: list[int], right: bool) -> None:
        """ "A: no", "B? Yes." """
        for index in indexes:
            if right:
                self.choices[index] = True
            else:
                self.choices.pop(index, None)
                self.refused.add(index)
        self.any_wrong |= not right
        self.recent, self.listed = [], []

    def doubt(self) -> None:
        """What is named before and behind "or" in a clause is not firm."""
        self.tentative = True
        self.choices |= {index: False for index in self.recent if index in self.choices}

    def start_anew(self) -> None:
        """ "A. Wait, no: B." takes back what came before, if something follows."""
        self.choices = dict.fromkeys(self.choices, False)
        self.end()

    def head(self, denies: bool, block: bool) -> None:
        """ "Correct: B, C. Incorrect: A, D." """
        self.end()
        self.denying_block, self.denying = denies and block, denies

    def deny(self) -> None:
        """ "not A", or "B cannot be, so C"."""
        self.doomed = self.recent if self.count > 2 else []  # "No, there isn't" takes nothing back
        self.recent, self.denying = [], True

    def end(self) -> None:
        if self.denying and self.doomed:
            self.judge(self.doomed, False)
        self.doomed = []
        self.before, self.recent = self.recent or self.before, []
        self.denying, self.tentative = self.denying_block, False

    def result(self, several: bool) -> frozenset[int]:
        """The options chosen. several: may more than one be right? "B or C" then chooses neither."""
        if self.all_but and not self.any_wrong:
            return frozenset(range(self.count)) - self.choices.keys()
        firm = frozenset(index for index, is_firm in self.choices.items() if is_firm)
        if not self.choices and not several and len(self.refused) == self.count - 1 > 1:
            return frozenset(range(self.count)) - self.refused
        return firm or (frozenset() if several and self.either else frozenset(self.choices))
