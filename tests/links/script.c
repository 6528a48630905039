/*
 * tests/links/script.c - lines of a script.
 */
#include "tests/links/script.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char separators[] = " \t\r\n";

static bool number_of(const char *word, double least, double most, double *value)
{
    char *end = NULL;
    if (word == NULL) return false;
    *value = strtod(word, &end);
    return end != word && *end == '\0' && *value >= least && *value <= most;
}

static bool whole_of(const char *word, uint64_t most, uint64_t *value)
{
    double found = 0;
    if (!number_of(word, 0, (double)most, &found)) return false;
    *value = (uint64_t)found;
    return true;
}

/* Returns: the host's number; host_count when there is none. */
static uint32_t host_of(const struct link_script *s, const char *name, size_t len)
{
    uint32_t i = 0;
    while (i < s->host_count &&
           (strlen(s->hosts[i]) != len || strncmp(s->hosts[i], name, len) != 0))
        i++;
    return i;
}

/* A bit for each host that is meant. Returns: 0 when the list names nobody or somebody else. */
static uint32_t hosts_of(const struct link_script *s, const char *list)
{
    uint32_t bits = 0;
    if (list == NULL) return 0;
    if (strcmp(list, "*") == 0) return (UINT32_C(1) << s->host_count) - 1;
    for (const char *at = list;; at++) {
        const size_t len = strcspn(at, ",");
        const uint32_t host = host_of(s, at, len);
        if (host == s->host_count) return 0;
        bits |= UINT32_C(1) << host;
        at += len;
        if (*at == '\0') return bits;
    }
}

/* One word of a rule, with its number from the line that strtok_r is in. */
static bool rule_word(struct link_rule *rule, const char *word, char **rest)
{
    static const struct {
        const char *word;
        size_t at;
        double most, times; /* what a script says, into what the model counts in */
    } numbers[] = {
        { "delay", offsetof(struct link_rule, delay_us), 60000, 1000 },
        { "jitter", offsetof(struct link_rule, jitter_us), 60000, 1000 },
        { "loss", offsetof(struct link_rule, loss_ppm), 100, 10000 },
        { "duplicate", offsetof(struct link_rule, duplicate_ppm), 100, 10000 },
        { "rate", offsetof(struct link_rule, rate_kbit), 10000000, 1 },
        { "mtu", offsetof(struct link_rule, mtu), 65535, 1 },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double value = 0;
        if (strcmp(word, numbers[i].word) != 0) continue;
        if (!number_of(strtok_r(NULL, separators, rest), 0, numbers[i].most, &value)) return false;
        const uint32_t counted = (uint32_t)(value * numbers[i].times + 0.5);
        assay_bytes_copy((char *)rule + numbers[i].at, sizeof counted, &counted, sizeof counted);
        return true;
    }
    if (strcmp(word, "cut") == 0) rule->cut = true;
    else if (strcmp(word, "heal") == 0) rule->cut = false;
    else if (strcmp(word, "silent") == 0) rule->silent = true;
    else if (strcmp(word, "clear") == 0) *rule = (struct link_rule){ 0 };
    else return false;
    return true;
}

static const char *link_line(struct link_script *s, char **rest, bool both)
{
    const uint32_t from = hosts_of(s, strtok_r(NULL, separators, rest));
    const uint32_t to = hosts_of(s, strtok_r(NULL, separators, rest));
    struct link_rule rules[LINK_HOSTS_MAX][LINK_HOSTS_MAX]; /* all of the line, or nothing */
    char *const words = *rest;
    char copy[LINK_LINE_MAX];
    if (from == 0 || to == 0) return "no such host";
    if (words == NULL || words[strspn(words, separators)] == '\0') return "a link without a rule";
    assay_bytes_copy(rules, sizeof rules, s->rules, sizeof s->rules);
    for (uint32_t i = 0; i < s->host_count; i++)
        for (uint32_t k = 0; k < s->host_count; k++) {
            const bool meant = ((from >> i) & 1) != 0 && ((to >> k) & 1) != 0;
            const bool back = both && ((from >> k) & 1) != 0 && ((to >> i) & 1) != 0;
            char *at = NULL;
            if (i == k || (!meant && !back)) continue;
            (void)snprintf(copy, sizeof copy, "%s", words);
            for (char *word = strtok_r(copy, separators, &at); word != NULL;
                 word = strtok_r(NULL, separators, &at))
                if (!rule_word(&rules[i][k], word, &at)) return "not a rule of a link";
        }
    assay_bytes_copy(s->rules, sizeof s->rules, rules, sizeof rules);
    return NULL;
}

static const char *host_line(struct link_script *s, const char *name)
{
    if (name == NULL || strlen(name) >= LINK_NAME_MAX || strpbrk(name, ",*") != NULL)
        return "not a name of a host";
    if (s->host_count == LINK_HOSTS_MAX) return "too many hosts";
    if (host_of(s, name, strlen(name)) < s->host_count) return "two hosts of one name";
    (void)snprintf(s->hosts[s->host_count++], LINK_NAME_MAX, "%s", name);
    return NULL;
}

static const char *later_line(struct link_script *s, char **rest)
{
    uint64_t at_ms = 0;
    if (!whole_of(strtok_r(NULL, separators, rest), 86400000, &at_ms)) return "not a time";
    if (s->later_count == LINK_LATER_MAX) return "too many lines";
    uint32_t place = s->later_count++;
    for (; place > 0 && s->later[place - 1].at_ms > at_ms; place--)
        s->later[place] = s->later[place - 1];
    s->later[place].at_ms = at_ms;
    (void)snprintf(s->later[place].line, LINK_LINE_MAX, "%s", *rest);
    return NULL;
}

static const char *address_line(const struct link_script *s, char **rest, struct link_act *act)
{
    uint64_t number = 0;
    const char *name = strtok_r(NULL, separators, rest);
    const uint32_t host = name != NULL ? host_of(s, name, strlen(name)) : s->host_count;
    if (host == s->host_count) return "no such host";
    if (!whole_of(strtok_r(NULL, separators, rest), 250, &number) || number == 0)
        return "not an end of an address";
    act->kind = LINK_ACT_ADDRESS;
    act->host = host;
    act->number = (uint32_t)number;
    return NULL;
}

const char *link_script_line(struct link_script *script, const char *line, struct link_act *act)
{
    char copy[LINK_LINE_MAX], *rest = NULL;
    *act = (struct link_act){ .kind = LINK_ACT_NONE };
    if (strlen(line) >= sizeof copy) return "a line that is too long";
    (void)snprintf(copy, sizeof copy, "%s", line);
    copy[strcspn(copy, "\r\n")] = '\0';
    const char *word = strtok_r(copy, separators, &rest);
    if (word == NULL || word[0] == '#') return NULL;
    if (strcmp(word, "seed") == 0)
        return whole_of(strtok_r(NULL, separators, &rest), UINT32_MAX, &script->seed)
                   ? NULL
                   : "not a seed";
    if (strcmp(word, "host") == 0) return host_line(script, strtok_r(NULL, separators, &rest));
    if (strcmp(word, "link") == 0) return link_line(script, &rest, false);
    if (strcmp(word, "both") == 0) return link_line(script, &rest, true);
    if (strcmp(word, "at") == 0) return later_line(script, &rest);
    if (strcmp(word, "address") == 0) return address_line(script, &rest, act);
    if (strcmp(word, "quit") == 0) act->kind = LINK_ACT_QUIT;
    if (strcmp(word, "quit") == 0) return NULL;
    if (strcmp(word, "say") != 0) return "not a command";
    act->kind = LINK_ACT_SAY;
    (void)snprintf(act->text, sizeof act->text, "%s", rest);
    return NULL;
}

bool link_script_due(struct link_script *script, uint64_t now_ms, char line[static LINK_LINE_MAX])
{
    if (script->later_count == 0 || script->later[0].at_ms > now_ms) return false;
    (void)snprintf(line, LINK_LINE_MAX, "%s", script->later[0].line);
    script->later_count--;
    for (uint32_t i = 0; i < script->later_count; i++)
        script->later[i] = script->later[i + 1];
    return true;
}
