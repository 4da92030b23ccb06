"""The title: definition, laws, cases and classic mistakes."""

from nnspec.spec_tests._kinds import UpdateRule, mistake


class TestTheConcept(UpdateRule):
    rows = ("00.00",)

    def definition(self, w, dw1, dw2, dw3):
        """[? v = …, w = …, in one line with its source ?]"""
        raise NotImplementedError("[? options as keywords; then the equation in sympy; w after each step ?]")

    def law_of_its_own(self, run, problem):
        """[? A law that only this concept obeys, named after it; a method for each, none where there is none ?]"""
        raise NotImplementedError("[? two sides that must be equal, such as run(w=w + 1)['w3'] and run()['w3'] + 1 ?]")

    # [? cases beside those that the shapes give, a line each: every option once in `cases`, huge and tiny inputs in
    # `extremes`, kinks and nothing at all in `ties`, refused calls in `bad`; each Case("name", …), see CONTRIBUTING ?]

    @mistake("N000", replaces="the_function")
    def name_of_what_is_done_wrong(the_arguments):
        """[? What to do instead, as a hint to whoever made it; the name above says what is done wrong ?]"""
        raise NotImplementedError("[? the wrong answer, made with functions of nnspec.reference ?]")
