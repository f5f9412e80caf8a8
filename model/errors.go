package model

import (
	"errors"
	"fmt"

	"github.com/seed64708441/ember/model/arch"
)

var (
	// ErrContextFull is what errors.Is finds in a [*ContextFullError].
	ErrContextFull = errors.New("model: context is full")
	// ErrSessionBusy says that a session is used while another call on it, or the loop over its events, is running.
	ErrSessionBusy = errors.New("model: session is busy")
	// ErrClosed says that a model or session was used after Close, or closed while it was used.
	ErrClosed = errors.New("model: closed")
	// ErrUnsupportedArch says that the architecture of a file is not supported.
	ErrUnsupportedArch = arch.ErrUnsupportedArch
	// ErrNoChatTemplate says that a file has no chat template, so that Request.Messages cannot be rendered.
	ErrNoChatTemplate = errors.New("model: the file has no chat template")
)

// ContextFullError says that a request does not fit the context of the session.
type ContextFullError struct {
	// Needed is how many positions the request takes, with at least one for an answer.
	Needed int
	// Available is how many the session has.
	Available int
}

// Error says both numbers.
func (e *ContextFullError) Error() string {
	return fmt.Sprintf("model: context is full: %d tokens needed, %d available", e.Needed, e.Available)
}

// Is reports whether target is [ErrContextFull].
func (e *ContextFullError) Is(target error) bool { return target == ErrContextFull }
