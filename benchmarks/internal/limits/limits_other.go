//go:build purego || !amd64

package limits

// levels has the loops that this machine can run.
func levels() map[string]map[Kind]chains { return map[string]map[Kind]chains{"generic": generic()} }

// fastest returns the reader for this machine.
func fastest() reader { return readGo }
