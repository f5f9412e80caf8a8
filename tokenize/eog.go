package tokenize

import "slices"

// Texts by which tokens are known when the file does not name them. Earlier ones win.
var (
	endOfTurn = []string{
		"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<turn|>", "<|endoftext|>", "<|end_of_text|>",
		"<EOT>", "_<EOT>", "[EOT]", "<｜end▁of▁sentence｜>", "<end_of_utterance>",
	}
	endOfMessage = []string{"<|eom_id|>"}
	endOfFill    = []string{"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"}
	repository   = []string{"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"}
	fileEnd      = []string{"<|file_sep|>"}
	// endOfGeneration are the texts of further tokens after which there is nothing to come.
	endOfGeneration = []string{
		"<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>",
		"<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>",
		"<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>", "<｜end▁of▁sentence｜>", "[e~[",
	}
)

// findSpecialTokens fills EOT and EOG from the ids in a GGUF file, if there is one, and from the texts of tokens, by
// llama.cpp's rules. Tokens
// found by their text become control tokens, which some files forget to say. (llama.cpp makes gpt-oss's <|channel|> and
// the like user-defined, so that they are printed; then the text of a user could contain them. Here they stay control.)
func (c *Config) findSpecialTokens(r *ggufReader) {
	known := map[string]int32{}
	for _, list := range [][]string{endOfTurn, endOfMessage, endOfFill, repository, fileEnd, endOfGeneration} {
		for _, text := range list {
			known[text] = None
		}
	}
	for id, text := range c.Tokens {
		if t := c.typeOf(id); r == nil && t != Control && t != UserDefined {
			continue // other files do say which tokens are special
		}
		if at, ok := known[text]; ok && at == None {
			known[text] = int32(id)
		}
	}
	if c.Types == nil {
		c.Types = make([]TokenType, len(c.Tokens))
		for i := range c.Types {
			c.Types[i] = Normal
		}
	} else {
		c.Types = slices.Clone(c.Types)
	}
	setType := func(id int32, t TokenType) {
		if r != nil && !(c.Types[id] == UserDefined && c.Tokens[id] == "</s>") {
			c.Types[id] = t
		}
	}
	first := func(texts []string) int32 {
		for _, text := range texts {
			if id := known[text]; id != None {
				setType(id, Control)
				return id
			}
		}
		return None
	}
	named := func(key string, texts []string) int32 {
		if r != nil {
			if id := r.id(c, key, None); id != None {
				return id
			}
		}
		return first(texts)
	}

	if c.EOT == None {
		c.EOT = first(endOfTurn)
	}
	ends := []int32{
		named("eom_token_id", endOfMessage), named("fim_pad_token_id", endOfFill), named("fim_rep_token_id", repository),
		named("fim_sep_token_id", fileEnd),
	}
	for _, text := range endOfGeneration {
		if id := known[text]; id != None {
			setType(id, Control)
			ends = append(ends, id)
		}
	}
	has := func(text string) bool { return known[text] != None }
	// Where a message ends but the turn goes on, <|end|> does not end generation.
	if has("<|end|>") && (has("<|call|>") && has("<|return|>") || (has("<|call|>") || has("<|calls|>")) && has("<|flush|>")) {
		c.dropEnd(&ends, known["<|end|>"])
	}
	// Gemma 4 has </s> as ordinary text.
	if has("</s>") && has("<|tool_response>") {
		c.dropEnd(&ends, known["</s>"])
		setType(known["</s>"], Normal)
	}
	for _, id := range ends {
		if id != None && id != c.EOS && id != c.EOT && !slices.Contains(c.EOG, id) {
			c.EOG = append(c.EOG, id)
		}
	}
	slices.Sort(c.EOG)
}

// dropEnd takes a token out of those that end generation.
func (c *Config) dropEnd(ends *[]int32, id int32) {
	*ends = slices.DeleteFunc(*ends, func(e int32) bool { return e == id })
	if c.EOT == id {
		c.EOT = None
	}
}
