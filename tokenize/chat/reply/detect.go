package reply

import "strings"

// Detect finds the format that a chat template was written for by the marks in its source. Templates name the marks of
// their model because they write earlier turns with them, or tell the model about them. What it does not find is left
// zero: a template that never mentions calls gives NoCalls, though JSON works with any model that was told to write it.
func Detect(template string) Format {
	f := Format{Calls: NoCalls}
	for _, r := range callRules {
		if r.in(template) {
			f.Calls = r.syntax
			break
		}
	}
	for _, r := range thinkRules {
		if r.in(template) && f.Calls != Harmony {
			f.Think = r.think
			f.Drop = append(f.Drop, r.drop...)
			break
		}
	}
	for _, m := range answerRules {
		if strings.Contains(template, m.Open) && strings.Contains(template, m.Close) {
			f.Answer = m
			break
		}
	}
	f.Drop = append(f.Drop, drops[f.Calls]...)
	return f
}

// rule is a set of texts that are all in a template of some format.
type rule []string

func (r rule) in(template string) bool {
	for _, s := range r {
		if !strings.Contains(template, s) {
			return false
		}
	}
	return true
}

// callRules are tried in order: marks of one family before marks that several share.
var callRules = []struct {
	rule
	syntax Syntax
}{
	{rule{"<|start|>", "<|channel|>", "<|message|>"}, Harmony},
	{rule{"｜DSML｜", "invoke name="}, DSML},
	{rule{"<｜tool▁call▁begin｜>", "```json"}, DeepSeekR1},
	{rule{"<｜tool▁call▁begin｜>"}, DeepSeek},
	{rule{"<|tool_call_begin|>"}, Kimi},
	{rule{"<start_function_call>"}, FunctionGemma},
	{rule{"<|tool_list_start|>"}, Pythonic},                    // LFM2
	{rule{"keep_past_thinking", "List of tools: ["}, Pythonic}, // LFM2.5, which has no mark of its own
	{rule{"<|tool_call>"}, Gemma},
	{rule{"<seed:tool_call>"}, Seed},
	{rule{"<minimax:tool_call>"}, MiniMax},
	{rule{"<arg_key>"}, GLM},
	{rule{"<tool_call>", "<function="}, QwenXML},
	{rule{"<tool_calls>"}, Apriel},
	{rule{"<tool_call>"}, Hermes},
	{rule{"<|tools_prefix|>"}, Apertus},
	{rule{"<|START_ACTION|>"}, Cohere},
	{rule{"Action:", "tool_name", "json"}, CommandRPlus},
	{rule{"[TOOL_CALLS]", "[ARGS]", "[CALL_ID]"}, MistralCallID},
	{rule{"[TOOL_CALLS]", "[ARGS]"}, MistralArgs},
	{rule{"[TOOL_CALLS]"}, MistralList},
	{rule{"<|function_call|>"}, GigaChat},
	{rule{"function call", "<|role_sep|>"}, GigaChatRole},
	{rule{"<|tool_call|>"}, Granite},
	{rule{"functools["}, FireFunction},
	{rule{">>>all"}, FunctionaryLine},
	{rule{"<function="}, Functionary},
	{rule{`"parameters": `, "<|start_header_id|>"}, Llama},
}

var thinkRules = []struct {
	rule
	think Markers
	drop  []string
}{
	{rule{"<|channel>thought"}, Markers{"<|channel>thought", "<channel|>"}, []string{"<|channel>", "<channel|>"}},
	{rule{"<seed:think>"}, Markers{"<seed:think>", "</seed:think>"}, nil},
	{rule{"[THINK]"}, Markers{"[THINK]", "[/THINK]"}, nil},
	{rule{"<|START_THINKING|>"}, Markers{"<|START_THINKING|>", "<|END_THINKING|>"}, nil},
	{rule{"<|inner_prefix|>"}, Markers{"<|inner_prefix|>", "<|inner_suffix|>"}, nil},
	{rule{"◁think▷"}, Markers{"◁think▷", "◁/think▷"}, nil},
	{rule{"[BEGIN FINAL RESPONSE]"}, Markers{"Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]"}, []string{"[END FINAL RESPONSE]"}},
	{rule{"<think>"}, Markers{"<think>", "</think>"}, nil},
	{rule{"</think>"}, Markers{"<think>", "</think>"}, nil},
	{rule{"<thinking>"}, Markers{"<thinking>", "</thinking>"}, nil},
}

var answerRules = []Markers{
	{"<|START_RESPONSE|>", "<|END_RESPONSE|>"},
	{"<|START_TEXT|>", "<|END_TEXT|>"},
	{"<response>", "</response>"},
}

// drops are marks around calls that carry nothing.
var drops = map[Syntax][]string{
	Gemma:        {"<|tool_response>", "<tool_response|>"},
	GigaChat:     {"<|message_sep|>"},
	GigaChatRole: {"<|message_sep|>"},
}
