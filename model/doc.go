// Package model opens a model file and generates text with it: the package that programs import.
//
//	m, err := model.Open(ctx, "llama-3.2-1b-instruct-q4_k_m.gguf", model.Config{})
//	defer m.Close()
//	s, err := m.NewSession(model.SessionConfig{})
//	defer s.Close()
//	for ev, err := range s.Generate(ctx, model.Request{Messages: []chat.Message{chat.User("Hello!")}}) {
//		if err != nil { ... }
//		fmt.Print(ev.Text)
//	}
//
// A [Model] is safe for concurrent use; its sessions share every step of computation, and each gives bit for bit what it
// gives alone. A [Session] is the history of one sequence and its cache: requests that begin like the history reuse it,
// [Session.Fork] and [Session.Rewind] are exact. A session has one user at a time and answers [ErrSessionBusy] to others.
//
// Answers can be values of a Go type ([GenerateAs], [StreamAs]) or calls of tools:
//
//	add, err := tool.New("add", "Adds two numbers.", func(ctx context.Context, in struct{ A, B int }) (int, error) {
//		return in.A + in.B, nil
//	})
//	r := model.Request{Messages: messages, Tools: []tool.Def{add.Def}}
//	for {
//		said, _, err := s.Reply(ctx, r)
//		message, err := said.Message()
//		r.Messages = append(r.Messages, message)
//		if len(said.Calls) == 0 {
//			break
//		}
//		for _, c := range said.Calls {
//			result, err := add.Call(ctx, c.Arguments)
//			r.Messages = append(r.Messages, chat.Tool(c.ID, c.Name, result))
//		}
//	}
//
// Memory of weights, scratch and caches lies outside the Go heap and is bounded by Config.MemoryLimit. Nothing is cut off
// silently: what does not fit the context is a [*ContextFullError], or a finish reason of its own.
//
// The package imports no backend but the CPU's, which is the default, opens no network connection and reads no
// environment variable.
package model
