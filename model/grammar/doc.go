// Package grammar holds a model's output to a grammar: GBNF, a regular expression, a JSON Schema or a Go type. All become
// one kind of program, which says after every token which tokens may follow. Output made under it is valid by
// construction, and never runs into a dead end. Of this module the package imports only tokenize/jsonschema; it knows neither
// tokenizer nor model.
//
//	g, err := grammar.FromType[Invoice](grammar.Options{})
//	t, err := grammar.NewTokens(vocab)   // once per model
//	c := grammar.CompileTokens(g, t)     // once per grammar; safe for concurrent use
//	s := c.NewState()                    // one per output
//	for !s.Finished() {
//		s.Apply(logits)                  // tokens that cannot follow get -Inf
//		err = s.Accept(choose(logits))
//	}
//
// # What is promised
//
//   - Exact at token boundaries: a token is allowed exactly if the text with it can still be completed. An end token
//     is allowed exactly if the text is complete.
//   - Sound: whatever is accepted satisfies the grammar.
//   - Nothing is ignored: what a schema says and the program cannot enforce is an [UnsupportedError] with the keyword
//     and the JSON Pointer of its place. Options.Validate lets such keywords pass, for [Grammar.Validate] to check after.
//   - Bounded: source size, automata, stacks and white space have limits; beyond them there is an error.
//
// Where the language written is smaller than the schema's (spelling of numbers, order of properties, see [Options]), a
// valid document may be one the grammar does not write; Options.Exact widens it to the documents the schema admits.
//
// # Cost
//
// A mask takes some microseconds with a vocabulary of 150,000 tokens where its place in the grammar has been met before, and up
// to two milliseconds the first time; over an output, less than a twentieth of a step of a small model. It may be worked out
// while the model computes: [State.Mask] needs nothing but the tokens accepted so far. A grammar made to hurt gets a mask in
// some tenths of a second that leaves longer tokens out, see [State.Ambiguous]. See RATIONALE.md.
package grammar
