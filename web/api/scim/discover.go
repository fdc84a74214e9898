package scim

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/web/problem"
)

// What a directory asks before it begins (RFC 7644, section 4).

func (h *Handler) config(c echo.Context) error {
	if c.QueryParam("filter") != "" {
		return errFilterHere
	}
	no := map[string]any{"supported": false}
	yes := map[string]any{"supported": true}
	return write(c, http.StatusOK, map[string]any{
		"schemas": []string{configSchema}, "patch": yes, "changePassword": no, "sort": no, "etag": yes,
		"bulk":   map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": map[string]any{"supported": true, "maxResults": pageMost},
		"authenticationSchemes": []map[string]any{{"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A token of a service account that belongs to the whole organisation.", "specUri": "https://www.rfc-editor.org/info/rfc6750"}},
		"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": h.at(c, "ServiceProviderConfig")},
	})
}

func (h *Handler) types(c echo.Context) error {
	one := func(name, schema, text string) map[string]any {
		return map[string]any{"schemas": []string{typeSchema}, "id": name, "name": name, "endpoint": "/" + name + "s", "description": text, "schema": schema,
			"meta": map[string]any{"resourceType": "ResourceType", "location": h.at(c, "ResourceTypes/"+name)}}
	}
	return discovered(c, one("User", userSchema, "A person"), one("Group", groupSchema, "A team"))
}

func (h *Handler) schemas(c echo.Context) error {
	one := func(id, name, text string, attributes ...map[string]any) map[string]any {
		return map[string]any{"schemas": []string{schemaSchema}, "id": id, "name": name, "description": text, "attributes": attributes,
			"meta": map[string]any{"resourceType": "Schema", "location": h.at(c, "Schemas/"+id)}}
	}
	return discovered(c,
		one(userSchema, "User", "A person",
			with(attribute("userName", "string", "How the directory calls the account."), "required", true, "uniqueness", "server"),
			attribute("displayName", "string", "The name that people see."),
			parts(attribute("name", "complex", "The parts of the name."), attribute("formatted", "string", "The whole name."),
				attribute("givenName", "string", "The given name."), attribute("familyName", "string", "The family name.")),
			with(parts(attribute("emails", "complex", "The address: one is kept."), attribute("value", "string", "The address."),
				attribute("type", "string", "work"), attribute("primary", "boolean", "Always true.")), "multiValued", true),
			attribute("active", "boolean", "Who is not active is let in nowhere."),
			with(parts(attribute("groups", "complex", "The teams."), attribute("value", "string", "The team's id."), attribute("display", "string", "The team's name.")),
				"multiValued", true, "mutability", "readOnly"),
			with(attribute("externalId", "string", "The directory's id."), "caseExact", true)),
		one(groupSchema, "Group", "A team",
			with(attribute("displayName", "string", "The team's name."), "required", true),
			with(parts(attribute("members", "complex", "Who is a member."), with(attribute("value", "string", "The person's id."), "mutability", "immutable"),
				attribute("display", "string", "The person's name.")), "multiValued", true),
			with(attribute("externalId", "string", "The directory's id."), "caseExact", true)),
	)
}

// attribute describes one as RFC 7643, section 7, wants it.
func attribute(name, kind, text string) map[string]any {
	return map[string]any{"name": name, "type": kind, "multiValued": false, "description": text, "required": false, "caseExact": false,
		"mutability": "readWrite", "returned": "default", "uniqueness": "none"}
}

func with(a map[string]any, kv ...any) map[string]any {
	for i := 0; i < len(kv); i += 2 {
		a[kv[i].(string)] = kv[i+1]
	}
	return a
}

func parts(a map[string]any, subs ...map[string]any) map[string]any {
	a["subAttributes"] = subs
	return a
}

// discovered answers with all, or with the one that the path names.
func discovered(c echo.Context, all ...map[string]any) error {
	if c.QueryParam("filter") != "" {
		return errFilterHere
	}
	id := c.Param("id")
	if id == "" {
		return write(c, http.StatusOK, map[string]any{"schemas": []string{listSchema}, "totalResults": len(all), "startIndex": 1, "itemsPerPage": len(all), "Resources": all})
	}
	for _, d := range all {
		if d["id"] == id {
			return write(c, http.StatusOK, d)
		}
	}
	return problem.ErrNoRoute
}
