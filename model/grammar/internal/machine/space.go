package machine

// Space says which white space may stand between the tokens of JSON.
type Space uint8

// The policies for white space. All are bounded, so that a model cannot write white space for ever.
const (
	SpaceFlexible Space = iota // nothing, one space, or a line feed with up to 32 spaces or tabs of indentation
	SpaceNone                  // nothing
	SpaceAny                   // up to 1024 of space, tab, line feed and carriage return
)

const (
	maxIndent = 32
	maxAny    = 1024
)

// step returns the state after b. State 0 is before any white space; every state may end.
func (s Space) step(state uint32, b byte) (uint32, bool) {
	switch s {
	case SpaceFlexible:
		switch {
		case state == 0 && b == ' ':
			return 1, true
		case state == 0 && b == '\n':
			return 2, true
		case state >= 2 && state < 2+maxIndent && (b == ' ' || b == '\t'):
			return state + 1, true
		}
	case SpaceAny:
		if (b == ' ' || b == '\t' || b == '\n' || b == '\r') && state < maxAny {
			return state + 1, true
		}
	}
	return 0, false
}
