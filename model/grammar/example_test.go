package grammar_test

import (
	"fmt"

	"github.com/seed64708441/ember/model/grammar"
)

// A vocabulary of a few tokens; a model's has the pieces its tokenizer gives.
func vocabulary() grammar.Vocabulary {
	v := grammar.Vocabulary{}
	for b := range 256 {
		v.Pieces = append(v.Pieces, []byte{byte(b)})
	}
	v.Pieces = append(v.Pieces, []byte(`{"`), []byte(`true`), []byte(`name`), nil)
	v.End = []int{len(v.Pieces) - 1}
	return v
}

func Example() {
	type answer struct {
		Name string `json:"name" jsonschema:"maxLength=20"`
		Sure bool   `json:"sure"`
	}
	g, err := grammar.FromType[answer](grammar.Options{Compact: true})
	if err != nil {
		panic(err)
	}
	c, err := grammar.Compile(g, vocabulary())
	if err != nil {
		panic(err)
	}
	s := c.NewState()
	fmt.Printf("must begin with %s\n", s.Forced(100))

	mask := make(grammar.Mask, c.MaskWords())
	s.Mask(mask)
	fmt.Println("{ allowed:", mask.Has('{'), " [ allowed:", mask.Has('['))

	if err := s.AcceptBytes([]byte(`{"name":"Ada","sure":t`)); err != nil {
		panic(err)
	}
	fmt.Printf("then must come %s\n", s.Forced(100))
	// Output:
	// must begin with {"name":"
	// { allowed: true  [ allowed: false
	// then must come rue}
}

func ExampleFromGBNF() {
	g, err := grammar.FromGBNF(`
		root  ::= move ("-" move)*
		move  ::= [a-h] [1-8]`)
	fmt.Println(err, g.Match("e2-e4"), g.Match("e9"), g.Completable("e2-"))
	_, err = grammar.FromGBNF(`root ::= root "x" | "y"`)
	fmt.Println(err)
	// Output:
	// <nil> true false true
	// grammar: gbnf: line 1, column 1: rule "root" is left-recursive: it may begin with itself
}

func ExampleFromRegexp() {
	g, err := grammar.FromRegexp(`\d{4}-\d{2}`)
	fmt.Println(err, g.Match("2024-05"), g.Match("2024-5"))
	// Output: <nil> true false
}

func ExampleFromJSONSchema() {
	g, err := grammar.FromJSONSchema([]byte(`{
		"type": "array",
		"items": {"type": "integer", "minimum": 10, "multipleOf": 5},
		"minItems": 2, "uniqueItems": true}`), grammar.Options{})
	fmt.Println(err, g.Match(`[10, 15]`), g.Match(`[10, 12]`), g.Match(`[10, 10]`), g.Match(`[10]`))

	_, err = grammar.FromJSONSchema([]byte(`{"properties": {"code": {"pattern": "^(?!x)"}}}`), grammar.Options{})
	fmt.Println(err)
	// Output:
	// <nil> true false false false
	// grammar: json schema: pattern at "/properties/code" is not supported: "^(?!x)": lookaround (?!) is not regular
}
