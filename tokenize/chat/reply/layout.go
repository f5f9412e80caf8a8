package reply

// layout describes a syntax: the marks in the text of an answer that begin calls, and a program that reads what follows.
type layout struct {
	name  string
	opens []branch // marks, and where in the program they lead
	end   string   // the mark that ends calls, for going on after a call that failed
	bare  bool     // calls may also begin the answer without a mark, with { or [
	maybe bool     // what looks like a call may turn out to be text until the name of a known tool was read
	prog  program
	keyed bool   // call objects are {"N": {…}}
	trim  bool   // a value has a line feed on each side that is not part of it
	quote string // around texts in Gemma's form
}

// program is a set of labelled steps. Each reads something and leads to the next; the empty label is the end of the calls.
type program map[string]step

// step is one of: choose a literal (to is toNothing and lits are there), capture text until a literal, or read a value.
type step struct {
	kind kind
	to   field
	lits []branch
	next string // of steps without literals, and of choices where no literal is there: see els
	els  bool   // choose: go to next when no literal is there
}

type branch struct {
	lit  string
	next string
	peek bool // the literal stays to be read
	end  bool // a call is complete
}

type kind uint8

const (
	choose   kind = iota // white space, then one of lits
	until                // text up to the first of lits
	value                // a JSON object: arguments. The call is complete
	object               // a JSON object with name and arguments. The call is complete
	raw                  // a value in the text form of the syntax, up to the first of lits
	gemma                // an object in Gemma's form. The call is complete
	pythonic             // a list of calls as Python writes them. The calls are complete
	channel              // FunctionaryLine: a call, or text when the name is "all"
)

type field uint8

const (
	toNothing field = iota
	toName
	toID
	toKimi // functions.N:I
	toKey
	toString // a value that is a text whatever the schema says
	toValue
)

func one(lit, next string) []branch { return []branch{{lit: lit, next: next}} }

// list is the program of a JSON list of call objects with a mark after it.
func list(after string) program {
	p := program{
		"start": {kind: choose, lits: one("[", "first")},
		"first": {kind: choose, lits: []branch{{lit: "]", next: "close"}, {lit: "{", next: "item", peek: true}}},
		"item":  {kind: object, next: "more"},
		"more":  {kind: choose, lits: []branch{{lit: ",", next: "item"}, {lit: "]", next: "close"}}},
	}
	if after == "" {
		p["first"].lits[0].next, p["more"].lits[1].next = "", ""
	} else {
		p["close"] = step{kind: choose, lits: one(after, ""), els: true}
	}
	return p
}

// single is the program of one call object with a mark after it.
func single(after string) program {
	p := program{"start": {kind: object, next: "close"}, "close": {kind: choose, lits: one(after, ""), els: true}}
	if after == "" {
		p["start"] = step{kind: object}
	}
	return p
}

// xml is the program of calls in elements function and parameter.
func xml(after string) program {
	return program{
		"start": {kind: choose, lits: one("<function=", "name")},
		"name":  {kind: until, to: toName, lits: one(">", "body")},
		"body": {kind: choose, lits: []branch{
			{lit: "<parameter=", next: "key"}, {lit: "</function>", next: "close", end: true}}},
		"key":   {kind: until, to: toKey, lits: one(">", "value")},
		"value": {kind: raw, to: toValue, lits: one("</parameter>", "body")},
		"close": {kind: choose, lits: one(after, ""), els: true},
	}
}

// invoke is the program of calls in elements invoke and parameter with the prefix p.
func invoke(p, after string) program {
	end := "</" + p + "parameter>"
	key := []branch{{lit: `" string="true">`, next: "text"}, {lit: `" string="false">`, next: "value"}, {lit: `">`, next: "value"}}
	return program{
		"start": {kind: choose, lits: []branch{{lit: "<" + p + `invoke name="`, next: "name"}, {lit: after}}},
		"name":  {kind: until, to: toName, lits: one(`">`, "body")},
		"body": {kind: choose, lits: []branch{
			{lit: "<" + p + `parameter name="`, next: "key"}, {lit: "</" + p + "invoke>", next: "start", end: true}}},
		"key":   {kind: until, to: toKey, lits: key},
		"text":  {kind: raw, to: toString, lits: one(end, "body")},
		"value": {kind: raw, to: toValue, lits: one(end, "body")},
	}
}

var glm = program{
	"start": {kind: until, to: toName, lits: []branch{{lit: "<arg_key>", next: "key"}, {lit: "</tool_call>", end: true}}},
	"key":   {kind: until, to: toKey, lits: one("</arg_key>", "sep")},
	"sep":   {kind: choose, lits: one("<arg_value>", "value")},
	"value": {kind: raw, to: toValue, lits: one("</arg_value>", "more")},
	"more":  {kind: choose, lits: []branch{{lit: "<arg_key>", next: "key"}, {lit: "</tool_call>", end: true}}},
}

// mistral reads both forms: a list, or name and arguments.
var mistral = program{
	"start": {kind: choose, lits: one("[", "first"), els: true, next: "name"},
	"first": list("")["first"],
	"item":  list("")["item"],
	"more":  list("")["more"],
	"name": {kind: until, to: toName, lits: []branch{
		{lit: "[CALL_ID]", next: "id"}, {lit: "[ARGS]", next: "args"}, {lit: "{", next: "args", peek: true}}},
	"id":   {kind: until, to: toID, lits: one("[ARGS]", "args")},
	"args": {kind: value},
}

// answer reads calls that are the whole answer.
var answer = program{
	"start": {kind: choose, lits: []branch{{lit: "[", next: "first"}, {lit: "{", next: "one", peek: true}}},
	"one":   {kind: object, next: "again"},
	"again": {kind: choose, lits: one(";", "one"), els: true},
	"first": {kind: choose, lits: []branch{{lit: "{", next: "item", peek: true}}},
	"item":  list("")["item"],
	"more":  list("")["more"],
}

var deepseekR1 = program{
	"start": {kind: choose, lits: []branch{{lit: "<｜tool▁call▁begin｜>", next: "type"}, {lit: "<｜tool▁calls▁end｜>"}}},
	"type":  {kind: until, lits: one("<｜tool▁sep｜>", "name")},
	"name":  {kind: until, to: toName, lits: one("```json", "args")},
	"args":  {kind: value, next: "fence"},
	"fence": {kind: choose, lits: one("```", "close")},
	"close": {kind: choose, lits: one("<｜tool▁call▁end｜>", "start")},
}

var deepseek = program{
	"start": {kind: choose, lits: []branch{{lit: "<｜tool▁call▁begin｜>", next: "name"}, {lit: "<｜tool▁calls▁end｜>"}}},
	"name":  {kind: until, to: toName, lits: one("<｜tool▁sep｜>", "args")},
	"args":  {kind: value, next: "close"},
	"close": {kind: choose, lits: one("<｜tool▁call▁end｜>", "start")},
}

var kimi = program{
	"start": {kind: choose, lits: []branch{{lit: "<|tool_call_begin|>", next: "id"}, {lit: "<|tool_calls_section_end|>"}}},
	"id":    {kind: until, to: toKimi, lits: one("<|tool_call_argument_begin|>", "args")},
	"args":  {kind: value, next: "close"},
	"close": {kind: choose, lits: one("<|tool_call_end|>", "start")},
}

func braces(after string) program {
	return program{
		"start": {kind: choose, lits: one("call:", "name")},
		"name":  {kind: until, to: toName, lits: []branch{{lit: "{", next: "args", peek: true}}},
		"args":  {kind: gemma, next: "close"},
		"close": {kind: choose, lits: one(after, ""), els: true},
	}
}

// layouts has one row per Syntax.
var layouts = [syntaxEnd]layout{
	NoCalls: {name: "NoCalls"},
	JSON:    {name: "JSON", bare: true, maybe: true, prog: answer},
	Hermes:  {name: "Hermes", end: "</tool_call>", opens: one("<tool_call>", "start"), prog: single("</tool_call>")},
	QwenXML: {name: "QwenXML", end: "</tool_call>", trim: true, prog: xml("</tool_call>"),
		opens: []branch{{lit: "<tool_call>", next: "start"}, {lit: "<function=", next: "name"}}},
	Seed:          {name: "Seed", end: "</seed:tool_call>", opens: one("<seed:tool_call>", "start"), prog: xml("</seed:tool_call>")},
	GLM:           {name: "GLM", end: "</tool_call>", opens: one("<tool_call>", "start"), prog: glm},
	Llama:         {name: "Llama", opens: one("<|python_tag|>", "start"), bare: true, maybe: true, prog: answer},
	MistralList:   {name: "MistralList", opens: one("[TOOL_CALLS]", "start"), prog: mistral},
	MistralArgs:   {name: "MistralArgs", opens: one("[TOOL_CALLS]", "start"), prog: mistral},
	MistralCallID: {name: "MistralCallID", opens: one("[TOOL_CALLS]", "start"), prog: mistral},
	DeepSeekR1:    {name: "DeepSeekR1", end: "<｜tool▁calls▁end｜>", opens: one("<｜tool▁calls▁begin｜>", "start"), prog: deepseekR1},
	DeepSeek:      {name: "DeepSeek", end: "<｜tool▁calls▁end｜>", opens: one("<｜tool▁calls▁begin｜>", "start"), prog: deepseek},
	DSML:          {name: "DSML", end: "</｜DSML｜tool_calls>", opens: one("<｜DSML｜tool_calls>", "start"), prog: invoke("｜DSML｜", "</｜DSML｜tool_calls>")},
	Harmony:       {name: "Harmony", prog: program{"args": {kind: value}}},
	Gemma:         {name: "Gemma", end: "<tool_call|>", opens: one("<|tool_call>", "start"), quote: `<|"|>`, prog: braces("<tool_call|>")},
	FunctionGemma: {name: "FunctionGemma", end: "<end_function_call>", opens: one("<start_function_call>", "start"), quote: "<escape>",
		prog: braces("<end_function_call>")},
	Granite: {name: "Granite", end: "<|/tool_call|>", opens: one("<|tool_call|>", "start"), prog: list("<|/tool_call|>")},
	Kimi:    {name: "Kimi", end: "<|tool_calls_section_end|>", opens: one("<|tool_calls_section_begin|>", "start"), prog: kimi},
	Cohere:  {name: "Cohere", end: "<|END_ACTION|>", opens: one("<|START_ACTION|>", "start"), prog: list("<|END_ACTION|>")},
	CommandRPlus: {name: "CommandRPlus", maybe: true, prog: list("```"),
		opens: []branch{{lit: "Action:\n```json", next: "start"}, {lit: "Action: ```json", next: "start"}}},
	Apertus:      {name: "Apertus", end: "<|tools_suffix|>", opens: one("<|tools_prefix|>", "start"), keyed: true, prog: list("<|tools_suffix|>")},
	Apriel:       {name: "Apriel", end: "</tool_calls>", opens: one("<tool_calls>", "start"), prog: list("</tool_calls>")},
	GigaChat:     {name: "GigaChat", opens: one("<|function_call|>", "start"), prog: single("")},
	GigaChatRole: {name: "GigaChatRole", opens: one("function call<|role_sep|>", "start"), prog: single("")},
	Functionary: {name: "Functionary", end: "</function>", opens: one("<function=", "name"), prog: program{
		"name":  {kind: until, to: toName, lits: one(">", "args")},
		"args":  {kind: value, next: "close"},
		"close": {kind: choose, lits: one("</function>", ""), els: true},
	}},
	FunctionaryLine: {name: "FunctionaryLine", opens: one(">>>", "start"), prog: program{
		"start": {kind: channel, lits: one("\n", "args")},
		"args":  {kind: value},
	}},
	FireFunction: {name: "FireFunction", opens: one("functools[", "first"), prog: list("")},
	Pythonic: {name: "Pythonic", end: "<|tool_call_end|>", opens: one("<|tool_call_start|>", "start"), prog: program{
		"start": {kind: pythonic, next: "close"},
		"close": {kind: choose, lits: one("<|tool_call_end|>", ""), els: true},
	}},
	MiniMax: {name: "MiniMax", end: "</minimax:tool_call>", opens: one("<minimax:tool_call>", "start"),
		prog: invoke("", "</minimax:tool_call>")},
}
