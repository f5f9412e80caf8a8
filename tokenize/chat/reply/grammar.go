package reply

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// Choice says which calls a reply may hold. The zero value leaves it to the model.
type Choice struct {
	Required bool   // the answer is one call or more, and nothing else
	Name     string // only this tool may be called; "": any
	One      bool   // at most one call
}

// Grammar is all that a reply may be from some place on; in Harmony it is all of a turn, of which the prompt may have the
// beginning (see Format.Begun). Its rules are GBNF with holes: rules called schema-N, which
// GBNF does not define, derive the JSON texts that are valid for Schemas[N].
type Grammar struct {
	GBNF    string            // begins with the rule root, which derives the text up to the end of the reply
	Schemas []json.RawMessage // JSON Schemas, complete in themselves
	// Triggers are the places where the grammar begins: it derives the text of the trigger and what follows. Until then the
	// reply is free. With none, the grammar begins with the answer, after reasoning.
	Triggers []Trigger
}

// Trigger is a text that begins a call.
type Trigger struct {
	Text  string
	Start bool // only at the beginning of the answer
}

// UnsupportedError is a schema that the grammar of a syntax cannot enforce.
type UnsupportedError struct {
	Tool    string
	Path    string // in the schema, such as "/properties/name"
	Keyword string
	Msg     string // why
}

// Error returns the text "reply: tool NAME: PATH: keyword KEYWORD: message".
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("reply: tool %s: %s: keyword %q: %s", e.Tool, e.Path, e.Keyword, e.Msg)
}

// Grammar describes the calls of the tools. Every text it derives is read by a Parser with these tools as calls whose
// arguments are valid for the schemas. It may leave out valid calls: texts are as the templates write them, and in syntaxes
// that are not JSON some schemas are narrowed. What it cannot keep to is an UnsupportedError. In Harmony, where calls need
// not be required, it derives answers without calls, too.
func (f Format) Grammar(tools []tool.Def, c Choice) (Grammar, error) {
	return f.GrammarOr(tools, c, nil)
}

// GrammarOr is Grammar for replies that are calls, or, where these are not required, an answer that is valid for a JSON
// Schema. A schema of nil stands for free text.
func (f Format) GrammarOr(tools []tool.Def, c Choice, answer json.RawMessage) (Grammar, error) {
	if err := f.Validate(); err != nil {
		return Grammar{}, err
	}
	if f.Calls == NoCalls {
		return Grammar{}, fmt.Errorf("reply: the format has no calls")
	}
	if c.Name != "" {
		tools = slices.Clone(tools)
		tools = slices.DeleteFunc(tools, func(d tool.Def) bool { return d.Name != c.Name })
	}
	if len(tools) == 0 {
		return Grammar{}, fmt.Errorf("reply: no tool to call (Choice.Name is %q)", c.Name)
	}
	b := &builder{syntax: f.Calls}
	var calls []string
	for i, d := range tools {
		if err := d.Validate(); err != nil {
			return Grammar{}, err
		}
		if f.Calls == FunctionaryLine && d.Name == "all" {
			return Grammar{}, fmt.Errorf("reply: a tool cannot be called \"all\": that begins an answer in the syntax %v", f.Calls)
		}
		s, err := parseSchema(d.Schema())
		if err != nil {
			return Grammar{}, fmt.Errorf("reply: tool %s: %w", d.Name, err)
		}
		b.tool, b.root, b.schema, b.refs = d.Name, d.Schema(), s, map[string]string{}
		expr := b.call(d.Name, d.Schema())
		if b.err != nil {
			return Grammar{}, b.err
		}
		name := fmt.Sprintf("call-%d", i)
		b.rule(name, expr)
		calls = append(calls, name)
	}
	b.rule("call", strings.Join(calls, " | "))
	held := c.Required || answer != nil // from its first byte on
	root := b.calls(c, held)
	if held && f.Calls != FunctionaryLine && f.Calls != Harmony { // whose templates begin the line
		root = `"\n"? "\n"? (` + root + ")"
	}
	g := Grammar{}
	switch {
	case answer != nil && !c.Required:
		root = b.answerRoot(root, b.hole(answer))
	case f.Calls == Harmony:
		root = turnRoot(root, c.Required)
	case !c.Required:
		g.Triggers = triggers(f.Calls, tools)
	}
	if f.Calls == Harmony {
		b.text.WriteString(harmonyRules)
	}
	g.Schemas = b.schemas
	g.GBNF = "root ::= " + root + "\n" + b.text.String()
	return g, nil
}

// frame is how calls stand together in a reply.
type frame struct {
	begin, sep, end string // literals
	one             bool   // the syntax has no second call
}

var frames = [syntaxEnd]frame{
	Hermes:          {sep: "\n"},
	QwenXML:         {sep: "\n"},
	Seed:            {sep: "\n"},
	GLM:             {sep: ""},
	Llama:           {one: true},
	MistralList:     {begin: "[TOOL_CALLS][", sep: ", ", end: "]"},
	DeepSeekR1:      {begin: "<｜tool▁calls▁begin｜>", sep: "\n", end: "<｜tool▁calls▁end｜>"},
	DeepSeek:        {begin: "<｜tool▁calls▁begin｜>", end: "<｜tool▁calls▁end｜>"},
	DSML:            {begin: "<｜DSML｜tool_calls>\n", end: "</｜DSML｜tool_calls>"},
	Harmony:         {one: true},
	Granite:         {begin: "<|tool_call|>[", sep: ", ", end: "]"},
	Kimi:            {begin: "<|tool_calls_section_begin|>", end: "<|tool_calls_section_end|>"},
	Cohere:          {begin: "<|START_ACTION|>[\n    ", sep: ",\n    ", end: "\n]<|END_ACTION|>"},
	CommandRPlus:    {begin: "Action:\n```json\n[\n    ", sep: ",\n    ", end: "\n]```"},
	Apertus:         {begin: "<|tools_prefix|>[", sep: ", ", end: "]<|tools_suffix|>"},
	Apriel:          {begin: "<tool_calls>[", sep: ", ", end: "]</tool_calls>"},
	GigaChat:        {one: true},
	GigaChatRole:    {one: true},
	FunctionaryLine: {sep: ">>>"},
	Pythonic:        {begin: "<|tool_call_start|>[", sep: ", ", end: "]<|tool_call_end|>"},
	FireFunction:    {begin: "functools[", sep: ", ", end: "]"},
	MiniMax:         {begin: "<minimax:tool_call>\n", end: "</minimax:tool_call>"},
}

// calls returns the expression for all calls of a reply.
func (b *builder) calls(c Choice, held bool) string {
	f := frames[b.syntax]
	more := " (" + quote(f.sep) + " call)*"
	if f.sep == "" {
		more = " call*"
	}
	if c.One || f.one {
		more = ""
	}
	switch b.syntax {
	case JSON:
		if more == "" {
			return "call"
		}
		return `call | "[" call (", " call)* "]"`
	case Llama:
		return `"<|python_tag|>"? call`
	case MistralList:
		return `"[TOOL_CALLS]" " "? "[" call` + more + ` "]"`
	case FunctionaryLine:
		if held { // the template has begun the line
			return `call` + more
		}
		return `">>>"? call` + more
	case FireFunction:
		return `" "? "functools[" call` + more + ` "]"`
	case GLM:
		return `call` + strings.Replace(more, "call", `("\n"? call)`, 1)
	case Harmony:
		return `call`
	}
	return strings.Trim(quote(f.begin)+" call"+more+" "+quote(f.end), " ")
}

// call returns the expression for a call of one tool.
func (b *builder) call(name string, schema json.RawMessage) string {
	object := func(nameKey, argsKey string) string {
		return quote(`{"`+nameKey+`": "`+name+`", "`+argsKey+`": `) + " " + b.hole(schema) + ` "}"`
	}
	named := func(before, between, after string) string {
		return quote(before+name+between) + " " + b.hole(schema) + " " + quote(after)
	}
	const id9 = `[a-zA-Z0-9]{9}`
	switch b.syntax {
	case JSON, Granite, Apriel, FireFunction:
		return object("name", "arguments")
	case GigaChat:
		return `"<|function_call|>" ` + object("name", "arguments")
	case GigaChatRole:
		return `"function call<|role_sep|>\n" ` + object("name", "arguments")
	case Llama:
		return object("name", "parameters")
	case Hermes:
		return `"<tool_call>\n" ` + object("name", "arguments") + ` "\n</tool_call>"`
	case MistralList:
		return strings.TrimSuffix(object("name", "arguments"), ` "}"`) + ` (", \"id\": \"" ` + id9 + ` "\"")? "}"`
	case MistralArgs:
		return named("[TOOL_CALLS]", "[ARGS]", "")
	case MistralCallID:
		return quote("[TOOL_CALLS]"+name+"[CALL_ID]") + " " + id9 + ` "[ARGS]" ` + b.hole(schema)
	case DeepSeekR1:
		return named("<｜tool▁call▁begin｜>function<｜tool▁sep｜>", "\n```json\n", "\n```<｜tool▁call▁end｜>")
	case DeepSeek:
		return named("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>")
	case Kimi:
		return quote("<|tool_call_begin|>functions."+name+":") + ` [0-9]{1,3} "<|tool_call_argument_begin|>" ` + b.hole(schema) +
			` "<|tool_call_end|>"`
	case Cohere:
		return `"{\"tool_call_id\": \"" [0-9]{1,3} ` + quote(`", "tool_name": "`+name+`", "parameters": `) + " " + b.hole(schema) + ` "}"`
	case CommandRPlus:
		return named("{\n        \"tool_name\": \"", "\",\n        \"parameters\": ", "\n    }")
	case Apertus:
		return named(`{"`, `": `, `}`)
	case Functionary:
		return named("<function=", ">", "</function>")
	case FunctionaryLine:
		return named("", "\n", "")
	case Harmony:
		return `("<|channel|>commentary" ` + quote(" to=functions."+name) + " | " + quote(" to=functions."+name) +
			` "<|channel|>commentary") (" <|constrain|>json" | " json")? "<|message|>" ` + b.hole(schema)
	case Gemma:
		return quote("<|tool_call>call:"+name) + " " + b.braces() + ` "<tool_call|>"`
	case Pythonic:
		return quote(name) + " " + b.braces()
	case FunctionGemma:
		return quote("<start_function_call>call:"+name) + " " + b.braces() + ` "<end_function_call>"`
	}
	return b.elements(name)
}

// elements returns the expression for a call whose parameters are elements with text in them.
func (b *builder) elements(name string) string {
	switch b.syntax {
	case QwenXML:
		return quote("<tool_call>\n<function="+name+">\n") + b.parameters("<parameter=", ">\n", "\n</parameter>\n") + ` "</function>\n</tool_call>"`
	case Seed:
		return quote("<seed:tool_call>\n<function="+name+">\n") + b.parameters("<parameter=", ">", "</parameter>\n") +
			` "</function>\n</seed:tool_call>"`
	case GLM: // 4.5 and 4.6 write line feeds between elements, 4.7 does not
		return quote("<tool_call>"+name) + ` "\n"?` + b.parameters("<arg_key>", "", "</arg_value>") + ` "</tool_call>"`
	case DSML:
		return quote(`<｜DSML｜invoke name="`+name+`">`+"\n") + b.parameters(`<｜DSML｜parameter name="`, `" string="S">`, "</｜DSML｜parameter>\n") +
			` "</｜DSML｜invoke>\n"`
	}
	return quote(`<invoke name="`+name+`">`+"\n") + b.parameters(`<parameter name="`, `">`, "</parameter>\n") + ` "</invoke>\n"`
}

// triggers are the marks that begin a call, or how a call without mark begins.
func triggers(s Syntax, tools []tool.Def) []Trigger {
	var out []Trigger
	for _, b := range layouts[s].opens {
		if s == QwenXML && b.lit == "<function=" {
			continue // the grammar begins with the mark before it
		}
		if s == CommandRPlus && b.lit != "Action:\n```json" {
			continue
		}
		out = append(out, Trigger{Text: b.lit})
	}
	switch s {
	case JSON:
		out = append(out, Trigger{Text: `{"name": "`, Start: true}, Trigger{Text: `[{"name": "`, Start: true})
	case Llama:
		out = append(out, Trigger{Text: `{"name": "`, Start: true})
	case FunctionaryLine:
		for _, d := range tools {
			out = append(out, Trigger{Text: d.Name + "\n", Start: true})
		}
	}
	return out
}
