// Package reply splits what a model says into reasoning, answer and calls of tools, by the marks of the model's own chat
// template, while it is said.
//
//	f := reply.Detect(templateSource)
//	p, err := f.Parser(reply.Options{Tools: tools, Prompt: prompt})
//	for piece := range pieces {
//		for _, e := range p.Push(piece) {
//			...
//		}
//	}
//	rest := p.Close()
//
// A [Format] says which marks surround reasoning and which [Syntax] calls are written in; [Detect] finds both in the source
// of a template. Parsers never pass a part of a mark on as text, give the same result for every split of the stream, hold
// back at most a few hundred bytes of text, and report calls that are not well formed as a [CallError] instead of guessing.
//
// [Format.Grammar] describes all calls of given tools in a syntax, for sampling that cannot produce anything else: whatever
// it derives is read by the parser as calls that are valid for the schemas of the tools.
//
// The package imports only the packages of chat templates beside it and knows no model and no sampler.
package reply
