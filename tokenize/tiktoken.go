package tokenize

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
)

// TiktokenOptions hold what a tiktoken file does not: the pattern that cuts text into words, and the special tokens.
type TiktokenOptions struct {
	Pattern string
	Special map[string]int32
}

// ConfigFromTiktoken reads a file of lines "base64 rank", as tiktoken has them; the rank is the id. Special ids are left
// to the caller, apart from those that the texts of tokens tell.
func ConfigFromTiktoken(ranks []byte, o TiktokenOptions) (Config, error) {
	c := NoIDs(BPE)
	c.Pattern, c.ByRank, c.IgnoreMerges = o.Pattern, true, true
	lines := bytes.Split(ranks, []byte("\n"))
	put := func(id int64, text string, t TokenType) error {
		if id < 0 || id > int64(4*(len(lines)+len(o.Special))+1<<16) {
			return fmt.Errorf("tokenize: id %d with %d tokens", id, len(lines)+len(o.Special))
		}
		for int64(len(c.Tokens)) <= id {
			c.Tokens, c.Types = append(c.Tokens, ""), append(c.Types, Unused)
		}
		c.Tokens[id], c.Types[id] = text, t
		return nil
	}
	for i, line := range lines {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		text64, rank, _ := bytes.Cut(line, []byte(" "))
		text, err := base64.StdEncoding.DecodeString(string(text64))
		if string(text64) == "=" { // Whisper's multilingual file has an empty token spelled so
			text, err = nil, nil
		}
		if err != nil {
			return Config{}, fmt.Errorf("tokenize: tiktoken line %d: %w", i+1, err)
		}
		id, err := strconv.ParseInt(string(rank), 10, 32)
		if err != nil {
			return Config{}, fmt.Errorf("tokenize: tiktoken line %d: %w", i+1, err)
		}
		if err := put(id, toByteLevel(string(text)), Normal); err != nil {
			return Config{}, err
		}
	}
	for text, id := range o.Special {
		if err := put(int64(id), text, Control); err != nil {
			return Config{}, err
		}
	}
	c.findSpecialTokens(nil)
	return c, nil
}
