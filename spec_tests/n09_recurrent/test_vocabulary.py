"""Vocabulary: the ids of characters and words, encoding and decoding, and classic mistakes."""

import numpy as np

from nnspec.reference import build_vocab, decode_ids, encode_tokens
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake

SPECIALS = {"<NULL>": 0, "<START>": 1, "<END>": 2, "<UNK>": 3}
WORDS = SPECIALS | {"a": 4, "cat": 5, "dog": 6}
LETTERS = {"e": 0, "h": 1, "l": 2, "o": 3}


class TestBuildVocab(Procedure):
    rows = ("09.01",)

    def law_specials_then_tokens(self, build):
        """<NULL>, <START>, <END> and <UNK> are 0 … 3, and the words follow."""
        return build(["dog", "a", "cat", "a"]), WORDS

    def law_characters_of_a_text(self, build):
        """Of a text the tokens are its characters: "hello" has four, in their order."""
        return list(build("hello", specials=()).items()), list(LETTERS.items())

    def law_sorted(self, build):
        """The order of the text and how often a token occurs do not matter."""
        texts = ["the quick brown fox", "xof nworb kciuq eht", "the quick brown foxxx"]
        return [build(text) for text in texts], [build(texts[0])] * 3

    def law_capitals_and_spaces_are_characters(self, build):
        """Nothing is dropped or made small."""
        return build("Aa b\n", specials=()), {"\n": 0, " ": 1, "A": 2, "a": 3, "b": 4}

    def law_a_special_in_the_text_keeps_its_id(self, build):
        """A token that is a special already is not numbered again."""
        return build(["<END>", "a", "<START>", "<UNK>"]), SPECIALS | {"a": 4}

    def law_specials_in_the_order_given(self, build):
        """Specials are not sorted: the first one is 0."""
        return build("ba", specials=("<b>", "<a>")), {"<b>": 0, "<a>": 1, "a": 2, "b": 3}

    def law_no_text(self, build):
        """Of no token at all the vocabulary is the specials."""
        return [build(""), build([]), build("", specials=())], [SPECIALS, SPECIALS, {}]

    def law_every_call_is_its_own(self, build):
        """Nothing is remembered of an earlier call, whose vocabulary stays as it was given out."""
        text = "ba"
        first = build(text, specials=())
        told, second, third = dict(first), build(text, specials=("<A>",)), build("cb", specials=())
        return [first == told, second, third], [True, {"<A>": 0, "a": 1, "b": 2}, {"b": 0, "c": 1}]

    bad = (
        Malformed("a special twice", "specials", lambda _: ("<A>", "<A>"), case=Case("", inputs={"tokens": "ab"})),
        Malformed("tokens of numbers", "tokens", lambda _: [1, 2], case=Case("", inputs={"tokens": "ab"})),
    )

    @mistake("N941", replaces="build_vocab")
    def in_the_order_of_the_text(tokens, *, specials=("<NULL>", "<START>", "<END>", "<UNK>")):
        """Sort the tokens: another order of the text must not change their ids."""
        return {token: i for i, token in enumerate(dict.fromkeys([*specials, *tokens]))}

    @mistake("N941", replaces="build_vocab")
    def by_how_often_they_occur(tokens, *, specials=("<NULL>", "<START>", "<END>", "<UNK>")):
        """Sort the tokens themselves, not by their counts, in which ties have no order."""
        rest = sorted(set(tokens) - set(specials), key=lambda token: (-list(tokens).count(token), token))
        return {token: i for i, token in enumerate([*specials, *rest])}

    @mistake("N942", replaces="build_vocab")
    def specials_last(tokens, *, specials=("<NULL>", "<START>", "<END>", "<UNK>")):
        """The specials come first, so that <NULL> is 0 whatever the text is."""
        return {token: i for i, token in enumerate([*sorted(set(tokens) - set(specials)), *specials])}

    @mistake("N942", replaces="build_vocab")
    def counted_from_1(tokens, *, specials=("<NULL>", "<START>", "<END>", "<UNK>")):
        """Ids count from 0: they are the rows of an embedding."""
        return {token: i + 1 for token, i in build_vocab(tokens, specials=specials).items()}


class TestEncodeTokens(Procedure):
    rows = ("09.01",)

    def law_characters(self, encode):
        """The id of each character, in the order of the text."""
        return encode("hello", LETTERS), np.array([1, 0, 2, 2, 3])

    def law_words(self, encode):
        """The id of each word; specials are words as well."""
        return encode(["<START>", "a", "dog", "<END>"], WORDS), np.array([1, 4, 6, 2])

    def law_unknown(self, encode):
        """What is not in the vocabulary is <UNK>."""
        return encode(["a", "bird", "dog"], WORDS), np.array([4, 3, 6])

    def law_no_text(self, encode):
        """No token, no id: an empty array of integers, which can index."""
        ids = encode("", LETTERS)
        return [ids.shape, ids.dtype.kind in "iu"], [(0,), True]

    def law_integers(self, encode):
        """Integers, which can index."""
        return encode("hello", LETTERS).dtype.kind in "iu", True

    def law_every_call_is_its_own(self, encode):
        """Nothing is remembered of an earlier call, whose ids stay as they were given out."""
        text = "hello"
        first = encode(text, LETTERS)
        told, second, third = first.tolist(), encode(text, dict.fromkeys(text, 7)), encode("ooooo", LETTERS)
        return [first.tolist() == told, second.tolist(), third.tolist()], [True, [7] * 5, [3] * 5]

    bad = (
        Malformed("unknown, and no <UNK>", "tokens", case=Case("", inputs={"tokens": "help", "vocab": LETTERS})),
        Malformed("a list for the vocabulary", "vocab", list, case=Case("", inputs={"tokens": "he", "vocab": LETTERS})),
    )

    @mistake("N943", replaces="encode_tokens")
    def unknown_left_out(tokens, vocab):
        """A token that is not in the vocabulary is <UNK>: left out, it would move what follows."""
        return encode_tokens([token for token in tokens if token in vocab], vocab)

    @mistake("N943", replaces="encode_tokens")
    def unknown_as_id_0(tokens, vocab):
        """A token that is not in the vocabulary is <UNK>: 0 is <NULL>, which does not count in a loss."""
        return np.array([vocab.get(token, 0) for token in tokens], np.int64)


class TestDecodeIds(Procedure):
    rows = ("09.01",)

    def law_back_again(self, decode):
        """What was encoded comes back."""
        return "".join(decode([1, 0, 2, 2, 3], LETTERS)), "hello"

    def law_ends_before_the_end(self, decode):
        """Nothing behind the first <END> counts, and it is no word itself."""
        return decode([1, 4, 5, 2, 6, 2, 0], WORDS), ["a", "cat"]

    def law_null_and_start_are_no_words(self, decode):
        """<NULL> and <START> are left out, wherever they stand; <UNK> is kept."""
        return decode([0, 1, 6, 0, 3, 1, 5], WORDS), ["dog", "<UNK>", "cat"]

    def law_without_specials_nothing_ends(self, decode):
        """Ids mean what the vocabulary says: 0 and 2 are letters here."""
        return decode([2, 0, 2, 0], LETTERS), ["l", "e", "l", "e"]

    def law_no_ids(self, decode):
        """Of no id at all no token comes."""
        return [decode([], WORDS), decode([2, 4], WORDS)], [[], []]

    def law_every_call_is_its_own(self, decode):
        """Nothing is remembered of an earlier call, whose tokens stay as they were given out."""
        ids = [1, 0]
        first = decode(ids, LETTERS)
        told, second, third = list(first), decode(ids, {"a": 0, "b": 1}), decode([2, 3], LETTERS)
        return [first == told, second, third], [True, ["b", "a"], ["l", "o"]]

    bad = (
        Malformed("an id of nothing", "ids", lambda _: [1, 9], case=Case("", inputs={"ids": [1], "vocab": LETTERS})),
        Malformed("an id of -1", "ids", lambda _: [-1], case=Case("", inputs={"ids": [1], "vocab": LETTERS})),
    )

    @mistake("N944", replaces="decode_ids")
    def goes_on_behind_the_end(ids, vocab):
        """Stop at the first <END>: what a model writes behind it means nothing."""
        return decode_ids([i for i in ids if i != vocab.get("<END>")], vocab)

    @mistake("N944", replaces="decode_ids")
    def end_is_a_word(ids, vocab):
        """<END> itself is no word of the text."""
        found = decode_ids(ids, vocab)
        return [*found, "<END>"] if vocab.get("<END>") in ids else found

    @mistake("N944", replaces="decode_ids")
    def padding_kept(ids, vocab):
        """<NULL> fills up short sequences and is no word."""
        token_of = {i: token for token, i in vocab.items()}
        return [token_of[i] for i in (ids[: ids.index(2)] if vocab.get("<END>") in ids else ids)]

    @mistake("N944", replaces="decode_ids")
    def id_0_taken_for_padding(ids, vocab):
        """Only <NULL> is padding: in a vocabulary without specials 0 is a character."""
        return decode_ids([i for i in ids if i != 0], vocab)
