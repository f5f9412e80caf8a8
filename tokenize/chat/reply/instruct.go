package reply

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// Instructions returns text for the system message that tells a model about tools, for templates that do not do it
// themselves: those for which Detect finds NoCalls. The model is asked for calls in the syntax JSON.
func Instructions(tools []tool.Def) (string, error) {
	var b strings.Builder
	b.WriteString("You can call these functions:\n")
	for _, d := range tools {
		if err := d.Validate(); err != nil {
			return "", err
		}
		f := struct {
			Name        string          `json:"name"`
			Description string          `json:"description,omitempty"`
			Parameters  json.RawMessage `json:"parameters"`
		}{d.Name, d.Description, d.Schema()}
		line, err := json.Marshal(f)
		if err != nil {
			return "", fmt.Errorf("reply: tool %s: %w", d.Name, err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	b.WriteString("To call one, answer with nothing but a JSON object of the form {\"name\": function, \"arguments\": object}; " +
		"to call several, with a list of them. Otherwise answer in words.")
	return b.String(), nil
}
