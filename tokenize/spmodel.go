package tokenize

import "fmt"

// ConfigFromSentencePiece reads a SentencePiece model file, tokenizer.model: its kinds unigram, bpe and char. Where the file
// names no BOS or EOS, the field is None; AddBOS and AddEOS are never set, since that is up to the program that uses the
// file.
func ConfigFromSentencePiece(model []byte) (Config, error) {
	c := NoIDs(0)
	c.AddSpacePrefix, c.PrefixOnce = true, true
	spec := spTrainer{kind: 1, unk: 0, bos: 1, eos: 2, pad: -1}
	collapse := true
	var charsmap []byte
	err := protoFields(model, func(f protoField) error {
		switch f.number {
		case 1:
			return c.addPiece(f.bytes)
		case 2:
			return spec.read(f.bytes)
		case 3: // normalizer
			return protoFields(f.bytes, func(f protoField) error {
				switch f.number {
				case 2:
					charsmap = f.bytes
				case 3:
					c.AddSpacePrefix = f.value != 0
				case 4:
					collapse = f.value != 0
				case 5:
					if f.value == 0 {
						return fmt.Errorf("tokenize: SentencePiece model without escaped spaces: %w", ErrUnsupported)
					}
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return Config{}, err
	}
	switch {
	case spec.suffix:
		return Config{}, fmt.Errorf("tokenize: SentencePiece model with spaces behind words: %w", ErrUnsupported)
	case spec.kind == 1:
		c.Kind, c.Float32Sums = Unigram, true
	case spec.kind == 2, spec.kind == 4: // a char model is a bpe model whose tokens are characters
		c.Kind = SPM
	default:
		return Config{}, fmt.Errorf("tokenize: SentencePiece model of type %d: %w", spec.kind, ErrUnsupported)
	}
	c.Charsmap, c.CollapseSpaces = charsmap, collapse
	for _, id := range []struct {
		to *int32
		id int32
	}{{&c.UNK, spec.unk}, {&c.BOS, spec.bos}, {&c.EOS, spec.eos}, {&c.PAD, spec.pad}} {
		if id.id >= 0 && int(id.id) < len(c.Tokens) {
			*id.to = id.id
		}
	}
	c.findSpecialTokens(nil)
	return c, nil
}

// addPiece reads a token. Its types have TokenType's numbers.
func (c *Config) addPiece(b []byte) error {
	text, score, kind := "", float32(0), Normal
	err := protoFields(b, func(f protoField) error {
		switch f.number {
		case 1:
			text = string(f.bytes)
		case 2:
			score = f.float()
		case 3:
			if f.value > uint64(Byte) {
				return fmt.Errorf("tokenize: token %d has type %d, want at most %d", len(c.Tokens), f.value, Byte)
			}
			kind = TokenType(f.value)
		}
		return nil
	})
	c.Tokens, c.Types, c.Scores = append(c.Tokens, text), append(c.Types, kind), append(c.Scores, score)
	return err
}

// spTrainer is what counts of the settings the model was trained with.
type spTrainer struct {
	kind               uint64 // 1 unigram, 2 bpe
	suffix             bool
	unk, bos, eos, pad int32
}

func (s *spTrainer) read(b []byte) error {
	return protoFields(b, func(f protoField) error {
		switch f.number {
		case 3:
			s.kind = f.value
		case 24:
			s.suffix = f.value != 0
		case 40:
			s.unk = int32(f.value)
		case 41:
			s.bos = int32(f.value)
		case 42:
			s.eos = int32(f.value)
		case 43:
			s.pad = int32(f.value)
		}
		return nil
	})
}
