// Package jinja renders Jinja templates exactly as Jinja2 3.1 does in the environment that Hugging Face transformers
// gives chat templates: the immutable sandbox with trim_blocks, lstrip_blocks, the loop controls, the generation tag and
// a tojson that leaves HTML alone. It uses only the standard library and imports no other package of this module.
//
//	t, err := jinja.Parse("Hello {{ name | upper }}!", jinja.Options{})
//	vars := jinja.NewDict()
//	vars.Set("name", jinja.String("world"))
//	text, err := t.Render(ctx, vars)
//
// # Safety
//
// Templates come out of model files and are not trusted. Every run has an allowance of steps, nested evaluations, bytes of
// output, bytes in one value and bytes made altogether ([Limits]); what exceeds it ends with a [LimitError]. No template,
// whatever its source, makes this package panic, loop or recurse without bound. Rendering also stops when the context ends.
//
// # What is refused
//
// Nothing is guessed. A tag, filter, test or method that Jinja2 does not have is an error as there. The following exist in
// Jinja2 and are refused with an error that wraps [ErrUnsupported]: include, import, from, extends, block, autoescape, self;
// the filters pprint, random, striptags, urlize and wordwrap; the global lipsum; methods that make bytes or translation tables; and
// printing a value whose Python text holds a memory address, such as a generator.
//
// Jinja2 computes expressions without variables when it compiles a template, and some mistakes in them pass there: a slice of
// a literal that has no slices, such as (5)[1:], is undefined for Jinja2 and an error here.
//
// # Values
//
// A [Value] is one of [None], [Bool], [Int], [Float], [String], [Markup], *[List], *[Tuple], *[Dict], or one that only
// templates make. Integers are unbounded as in Python. Dicts keep the order in which keys were first set. Templates cannot
// change lists and dicts, so one value may be given to any number of concurrent renderings.
package jinja
