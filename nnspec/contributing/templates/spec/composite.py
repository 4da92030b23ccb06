"""The title: loss and gradients, initial parameters, classic mistakes."""

from nnspec.spec_tests._kinds import Composite, Drawing, mistake


class TestTheConcept(Composite):
    rows = ("00.00",)
    op = "the_concept_loss"

    def definition(self, *inputs):
        """[? loss = …, in one line with its source ?]"""
        raise NotImplementedError("[? (self, x, y, W, b, *, reg=0): then the equation in sympy, in steps by named ?]")

    # [? cases beside those that the shapes give, a line each: every option once in `cases`, huge and tiny inputs in
    # `extremes`; each Case("name", …), see CONTRIBUTING ?]

    @mistake("N000", replaces="the_function")
    def name_of_what_is_done_wrong(the_arguments):
        """[? What to do instead, as a hint to whoever made it; the name above says what is done wrong ?]"""
        raise NotImplementedError("[? the wrong answer, made with functions of nnspec.reference ?]")


class TestTheConceptInit(Drawing):
    rows = ("00.00",)

    def drawn(self, init, rng):
        raise NotImplementedError("[? a call that leaves something to chance, such as return init(3, 4, rng=rng) ?]")

    def law_of_its_own(self, init):
        """[? A law of the first parameters, named after it: their shapes, biases of 0, …; a method for each ?]"""
        raise NotImplementedError("[? two sides that must be equal, such as init(3, 4, rng=rng)['b'] and 4 zeros ?]")
