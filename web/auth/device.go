package auth

import (
	"context"
	"strings"

	"halfkey/web/ui"
)

// deviceWords says in a few words what a browser says it is: "Firefox on
// Windows". Browsers claim to be each other, so the more special comes first.
func deviceWords(ctx context.Context, agent string) string {
	browser := firstOf(agent, "Edg/", "Edge", "OPR/", "Opera", "SamsungBrowser/", "Samsung Internet", "Firefox/", "Firefox", "FxiOS/", "Firefox",
		"CriOS/", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl")
	system := firstOf(agent, "iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "Mac", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case browser != "" && system != "":
		return ui.T(ctx, "me.device.on", "Browser", browser, "System", system)
	case browser+system != "":
		return browser + system
	}
	return ui.T(ctx, "me.device.unknown")
}

// firstOf goes through pairs of mark and name.
func firstOf(agent string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.Contains(agent, pairs[i]) {
			return pairs[i+1]
		}
	}
	return ""
}
