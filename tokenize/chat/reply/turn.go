package reply

import "strings"

// Some models write marks of their own before an answer: which channel it is in, or to whom it goes.

// WithoutCalls returns the format of answers where the model knows no tools. Syntaxes that an answer is written in, too, stay.
func (f Format) WithoutCalls() Format {
	if f.Calls != Harmony && f.Calls != FunctionaryLine {
		f.Calls = NoCalls
	}
	return f
}

// Lead returns the GBNF of what stands between the prompt and an answer in formats whose answers do not just begin, and
// "" for others: reasoning in its channel and the header of the answer.
func (f Format) Lead() string {
	switch f.Calls {
	case Harmony:
		return "root ::= " + harmonyBegun + " think{0,8} final\n" + harmonyRules
	case FunctionaryLine:
		return "root ::= " + lineLead + "\n"
	}
	return ""
}

// Begun returns what a prompt has already of the text that Lead and Grammar derive. What the model writes goes on after it.
func (f Format) Begun(prompt string) string {
	i := strings.LastIndex(prompt, harmonyStart)
	if f.Calls != Harmony || i < 0 {
		return ""
	}
	return prompt[i:]
}

// lineLead begins an answer in FunctionaryLine, whose template has begun the line.
const lineLead = `"all\n"`

// harmonyBegun is optional for those who do not know the prompt.
const harmonyBegun = `"<|start|>assistant"?`

// harmonyRules are the messages of a turn of gpt-oss but for calls. Texts are free of everything that looks like a mark.
const harmonyRules = `think ::= "<|channel|>analysis<|message|>" body "<|end|><|start|>assistant"
preamble ::= "<|channel|>commentary<|message|>" body "<|end|><|start|>assistant"
final ::= "<|channel|>final" (" "? "<|constrain|>json")? "<|message|>"
body ::= ([^<] | "<"+ ("|" "<"+)* ([^<|] | "|" [^<a-z]))*
`

// answerRoot returns the expression for calls, or an answer that is valid for a schema.
func (b *builder) answerRoot(calls, answer string) string {
	switch b.syntax {
	case Harmony:
		return harmonyBegun + " think{0,8} (" + calls + " | final " + answer + ")"
	case FunctionaryLine:
		return calls + " | " + lineLead + " " + answer
	}
	return calls + " | " + answer
}

// turnRoot returns the expression for a turn of gpt-oss: reasoning, then calls; where they are not required, with text before
// them or instead.
func turnRoot(calls string, required bool) string {
	if required {
		return harmonyBegun + " think{0,8} " + calls
	}
	return harmonyBegun + " (think | preamble){0,8} (" + calls + " | final body)"
}
