"""The title: the laws of what is drawn, and classic mistakes."""

from nnspec.spec_tests._kinds import Drawing, mistake


class TestTheConcept(Drawing):
    rows = ("00.00",)

    def drawn(self, call, rng):
        raise NotImplementedError("[? a call that leaves something to chance, such as return call(100, rng=rng) ?]")

    def law_of_its_own(self, call):
        """[? A law that what is drawn obeys, by five standard errors, named after it; a method for each ?]"""
        raise NotImplementedError("[? two sides that must be equal, such as abs(w.mean()) < 5 / n**0.5 and True ?]")

    # [? refused calls: bad = (Malformed("n of 0", "n", lambda _: 0, case=Case("", inputs={"n": 2})),) ?]

    @mistake("N000", replaces="the_function")
    def name_of_what_is_done_wrong(the_arguments):
        """[? What to do instead, as a hint to whoever made it; the name above says what is done wrong ?]"""
        raise NotImplementedError("[? the wrong answer, made with functions of nnspec.reference ?]")
