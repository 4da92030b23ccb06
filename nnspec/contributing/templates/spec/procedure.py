"""The title: the laws of what comes out, and classic mistakes."""

from nnspec.spec_tests._kinds import Procedure, mistake


class TestTheConcept(Procedure):
    rows = ("00.00",)

    def law_of_its_own(self, call):
        """[? A law that what comes out obeys, named after it; as many methods as tell right from wrong ?]"""
        raise NotImplementedError("[? two sides that must be equal, such as sum(call(5)) and 5 ?]")

    # [? refused calls: bad = (Malformed("n of 0", "n", lambda _: 0, case=Case("", inputs={"n": 2})),) ?]

    @mistake("N000", replaces="the_function")
    def name_of_what_is_done_wrong(the_arguments):
        """[? What to do instead, as a hint to whoever made it; the name above says what is done wrong ?]"""
        raise NotImplementedError("[? the wrong answer, made with functions of nnspec.reference ?]")
