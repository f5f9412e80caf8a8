package reply

import (
	"fmt"
)

// Format says how a model writes what it answers. Detect finds it in a template; every field may be set by hand. The zero
// Format is plain text.
type Format struct {
	Think  Markers  // around reasoning
	Answer Markers  // around the answer, written by some models after reasoning
	Calls  Syntax   // how calls of tools are written
	Drop   []string // further marks that are not part of any text
}

// Markers are the texts that begin and end a part of a reply. Both or none are set.
type Markers struct{ Open, Close string }

// Syntax is a way to write calls of tools.
type Syntax uint8

// The syntaxes, in words and with an example of each in their layouts.
const (
	NoCalls         Syntax = iota // the model calls no tools
	JSON                          // the whole answer is {"name": N, "arguments": {…}} or a list of them
	Hermes                        // <tool_call>{"name": N, "arguments": {…}}</tool_call>: Qwen 2.5 and 3, Hermes
	QwenXML                       // <tool_call><function=N><parameter=K>V</parameter></function></tool_call>: Qwen3-Coder, Nemotron
	Seed                          // the same with <seed:tool_call>: Seed-OSS
	GLM                           // <tool_call>N<arg_key>K</arg_key><arg_value>V</arg_value></tool_call>: GLM 4.5 and later
	Llama                         // the whole answer is {"name": N, "parameters": {…}}, perhaps after <|python_tag|>
	MistralList                   // [TOOL_CALLS][{"name": N, "arguments": {…}}]: Mistral v2 to v7
	MistralArgs                   // [TOOL_CALLS]N[ARGS]{…}: Mistral v13 and later
	MistralCallID                 // [TOOL_CALLS]N[CALL_ID]I[ARGS]{…}: Mistral v11
	DeepSeekR1                    // <｜tool▁call▁begin｜>function<｜tool▁sep｜>N and a block of JSON: DeepSeek V3 and R1
	DeepSeek                      // <｜tool▁call▁begin｜>N<｜tool▁sep｜>{…}: DeepSeek V3.1
	DSML                          // <｜DSML｜invoke name="N">: DeepSeek V3.2 and V4
	Harmony                       // messages with channels and recipients: gpt-oss
	Gemma                         // <|tool_call>call:N{K:V}<tool_call|>: Gemma 4
	FunctionGemma                 // <start_function_call>call:N{K:V}<end_function_call>: FunctionGemma
	Granite                       // <|tool_call|>[{"name": N, "arguments": {…}}]: Granite 3
	Kimi                          // <|tool_call_begin|>functions.N:0<|tool_call_argument_begin|>{…}: Kimi K2
	Cohere                        // <|START_ACTION|>[{"tool_call_id": I, "tool_name": N, "parameters": {…}}]<|END_ACTION|>
	CommandRPlus                  // Action: and a block of JSON, [{"tool_name": N, "parameters": {…}}]
	Apertus                       // <|tools_prefix|>[{"N": {…}}]<|tools_suffix|>
	Apriel                        // <tool_calls>[{"name": N, "arguments": {…}}]</tool_calls>
	GigaChat                      // <|function_call|>{"name": N, "arguments": {…}}
	GigaChatRole                  // the same after "function call<|role_sep|>": GigaChat 3
	Functionary                   // <function=N>{…}</function>: Functionary 3.1
	FunctionaryLine               // >>>N, a line feed, {…}: Functionary 3.2
	FireFunction                  // functools[{"name": N, "arguments": {…}}]
	Pythonic                      // <|tool_call_start|>[N(K=V)]<|tool_call_end|>: LFM2
	MiniMax                       // <minimax:tool_call><invoke name="N"><parameter name="K">V</parameter>…: MiniMax M2
	syntaxEnd
)

// String returns the name of the constant.
func (s Syntax) String() string {
	if s < syntaxEnd {
		return layouts[s].name
	}
	return fmt.Sprintf("Syntax(%d)", uint8(s))
}

// EndThinking returns the text that ends reasoning early, for a budget of thinking: made by force after a piece of
// reasoning, it leads the model to its answer; with calls, to a call or its answer. It is empty where the format has no
// reasoning.
func (f Format) EndThinking(calls bool) string {
	switch {
	case f.Calls == Harmony && calls:
		return "<|end|><|start|>assistant"
	case f.Calls == Harmony:
		return "<|end|><|start|>assistant<|channel|>final<|message|>"
	case f.Think.Close == "</think>":
		return "\n</think>\n\n" // as the templates of models with this mark write it
	}
	return f.Think.Close
}

// Validate reports the first problem of the format.
func (f Format) Validate() error {
	for name, m := range map[string]Markers{"Think": f.Think, "Answer": f.Answer} {
		if (m.Open == "") != (m.Close == "") {
			return fmt.Errorf("reply: Format.%s is %q, want both markers or none", name, m)
		}
		if len(m.Open) > maxMarker || len(m.Close) > maxMarker {
			return fmt.Errorf("reply: a marker of Format.%s is longer than %d bytes", name, maxMarker)
		}
	}
	for i, d := range f.Drop {
		if d == "" || len(d) > maxMarker {
			return fmt.Errorf("reply: Format.Drop[%d] has %d bytes, want 1 to %d", i, len(d), maxMarker)
		}
	}
	if f.Calls >= syntaxEnd {
		return fmt.Errorf("reply: Format.Calls is %v, want less than %d", f.Calls, syntaxEnd)
	}
	return nil
}

// maxMarker bounds markers, and with them what a parser holds back.
const maxMarker = 256
