"""The title: definition, laws, cases and classic mistakes."""

from nnspec.spec_tests._kinds import Kind, mistake


class TestTheConcept(Kind):
    rows = ("00.00",)

    def definition(self, *inputs):
        """[? out = …, in one line with its source ?]"""
        raise NotImplementedError("[? the inputs by their names, options as keywords; then the equation in sympy ?]")

    def law_of_its_own(self, run, problem):
        """[? A law that only this concept obeys, named after it; a method for each, none where there is none ?]"""
        raise NotImplementedError("[? two sides that must be equal, such as run(x=-x)['out'] and -run()['out'] ?]")

    # [? cases beside those that the shapes give, a line each: every option once in `cases`, huge and tiny inputs in
    # `extremes`, kinks and nothing at all in `ties`, refused calls in `bad`; each Case("name", …), see CONTRIBUTING ?]

    @mistake("N000", replaces="the_function")
    def name_of_what_is_done_wrong(the_arguments):
        """[? What to do instead, as a hint to whoever made it; the name above says what is done wrong ?]"""
        raise NotImplementedError("[? the wrong answer, made with functions of nnspec.reference ?]")
