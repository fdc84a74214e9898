package rest

import (
	_ "embed"
	"net/http"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"
)

// description is the API in the words of OpenAPI 3.1; tests hold it against the
// routes and their answers.
//
//go:embed openapi.yaml
var description []byte

func serveYAML(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", description)
}

// asJSON is the description for those who read no YAML.
var asJSON = sync.OnceValues(func() ([]byte, error) {
	var doc any
	if err := yaml.Unmarshal(description, &doc); err != nil {
		return nil, err
	}
	return json.Marshal(doc, json.Deterministic(true))
})

func serveJSON(c echo.Context) error {
	doc, err := asJSON()
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, doc)
}
