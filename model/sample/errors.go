package sample

import (
	"errors"
	"fmt"
)

// ErrNoToken is what errors.Is finds in a [*NoTokenError].
var ErrNoToken = errors.New("sample: no token can be chosen")

// NoTokenError says that no token was left to choose from: every logit is -Inf or NaN, banned or masked out. A model
// that gives only NaN, or a grammar that is at its end, is the usual cause. The state of the sampler is as before the
// call.
type NoTokenError struct {
	Vocab   int // number of logits
	Finite  int // logits above -Inf as the model gave them
	Allowed int // of those, how many the mask allows; equal to Finite without a mask
}

// Error says which of the three causes it was.
func (e *NoTokenError) Error() string {
	switch {
	case e.Finite == 0:
		return fmt.Sprintf("sample: no token can be chosen: all %d logits are -Inf or NaN", e.Vocab)
	case e.Allowed == 0:
		return fmt.Sprintf("sample: no token can be chosen: the mask allows none of the %d tokens above -Inf", e.Finite)
	default:
		return fmt.Sprintf("sample: no token can be chosen: bans remove all %d tokens that are allowed", e.Allowed)
	}
}

// Is reports whether target is [ErrNoToken].
func (e *NoTokenError) Is(target error) bool { return target == ErrNoToken }
