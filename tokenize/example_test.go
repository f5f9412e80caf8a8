package tokenize_test

import (
	"fmt"

	"github.com/seed64708441/ember/tokenize"
)

// smallConfig is a byte-level vocabulary of a few letters.
func smallConfig() tokenize.Config {
	c := tokenize.NoIDs(tokenize.BPE)
	c.Pre = "gpt-2"
	c.Tokens = []string{"h", "e", "l", "o", "Ġ", "he", "ll", "hell", "hello", "Ã", "©", "<s>"}
	c.Types = make([]tokenize.TokenType, len(c.Tokens))
	c.Merges = []string{"h e", "l l", "he ll", "hell o"}
	c.BOS, c.AddBOS = 11, true
	c.Types[c.BOS] = tokenize.Control
	return c
}

func Example() {
	tok, err := tokenize.New(smallConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, err := tok.Encode(nil, "hello hole", tokenize.EncodeOptions{AddSpecial: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := tok.Decode(ids, tokenize.DecodeOptions{SkipSpecial: true})
	fmt.Println(ids, text, err)
	// Output: [11 8 4 0 3 2 1] hello hole <nil>
}

func ExampleStream() {
	tok, err := tokenize.New(smallConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	stream := tok.NewStream(tokenize.DecodeOptions{})
	for _, id := range []int32{8, 9, 10, 3} { // é comes in two tokens
		text, err := stream.Push(id)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q ", text)
	}
	fmt.Printf("%q\n", stream.Flush())
	// Output: "hello" "" "é" "o" ""
}

func ExampleFromJSON() {
	tok, err := tokenize.FromJSON([]byte(`{
		"model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 1, "rose": 2, "is": 3}, "unk_token": "[UNK]"},
		"normalizer": {"type": "Lowercase"},
		"pre_tokenizer": {"type": "Whitespace"}
	}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, err := tok.Encode(nil, "Rose is a rose.", tokenize.EncodeOptions{})
	fmt.Println(ids, err)
	// Output: [2 3 1 2 0] <nil>
}
