package rest

import (
	"strings"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v3"
)

// Operation is one thing that the API does, as its description tells it.
type Operation struct {
	ID, Method, Path, Summary, Text string
	Open                            bool   // to everybody
	Body                            string // an example, as JSON; "" for none
}

// Chapter is the operations on one noun.
type Chapter struct {
	Name, Text string
	Operations []Operation
}

// ExampleID stands for an organisation in examples.
const ExampleID = "01jd3x8q2n5v7w9y1k3m"

// described is what a page shows of an operation's description.
type described struct {
	OperationID string `yaml:"operationId"`
	Tags        []string
	Summary     string
	Description string
	Security    *[]any
	RequestBody struct {
		Content map[string]struct{ Example any }
	} `yaml:"requestBody"`
}

// Chapters tells the description in its order. It is read anew each time, for
// hardly anybody asks and nobody shall pay for it at the start.
func Chapters() ([]Chapter, error) {
	var doc struct {
		Tags  []struct{ Name, Description string }
		Paths yaml.Node
	}
	if err := yaml.Unmarshal(description, &doc); err != nil {
		return nil, err
	}
	all := make([]Chapter, len(doc.Tags))
	at := map[string]*Chapter{}
	for i, t := range doc.Tags {
		all[i] = Chapter{Name: t.Name, Text: t.Description}
		at[t.Name] = &all[i]
	}
	for i := 0; i+1 < len(doc.Paths.Content); i += 2 {
		path, methods := doc.Paths.Content[i].Value, doc.Paths.Content[i+1].Content
		for j := 0; j+1 < len(methods); j += 2 {
			if methods[j].Value == "parameters" {
				continue
			}
			var d described
			if err := methods[j+1].Decode(&d); err != nil {
				return nil, err
			}
			o := Operation{ID: d.OperationID, Method: strings.ToUpper(methods[j].Value), Path: path, Summary: d.Summary, Text: d.Description, Open: d.Security != nil && len(*d.Security) == 0}
			if example := d.RequestBody.Content["application/json"].Example; example != nil {
				body, err := json.Marshal(example, json.Deterministic(true))
				if err != nil {
					return nil, err
				}
				o.Body = string(body)
			}
			c := at[d.Tags[0]]
			c.Operations = append(c.Operations, o)
		}
	}
	return all, nil
}
