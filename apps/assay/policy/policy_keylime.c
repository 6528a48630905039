/*
 * apps/assay/policy/policy_keylime.c - `assay policy import --format keylime`: a runtime policy
 * of Keylime as events of a policy file.
 *
 * Source: Keylime, keylime/ima/ima.py. A file that no exclusion names is accepted when `digests`
 * has its name with its digest; keys and other buffers by `keyrings` and `ima-buf` alike;
 * everything else fails. Patterns, signing keys and device-mapper rules have no equivalent: they
 * are refused by name, or left out on request. What is left out accepts less, but for
 * boot_aggregate.
 *
 * Names of the file are hostile, and messages end at a terminal: each message has the place in the
 * file by its index, and the name next to it as printable ASCII.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/output.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/policy/policy.h"
#include "quote/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct importing {
    const struct assay_policy_options *options;
    struct assay_policy *policy;
    size_t left_out;
    size_t digests;
};

#define COMPLAIN(...) cli_print_error(false, ASSAY_EXIT_USAGE, "usage", __VA_ARGS__)

/* --- places */
enum { NAME_SHOWN = 60, QUOTED_LEN = 4 * NAME_SHOWN + 6, PLACE_LEN = QUOTED_LEN + 64 };

/* A name of the file between quotes: bytes that are no printable ASCII as \xNN; cut with "...". */
struct quoted {
    char text[QUOTED_LEN];
};

static struct quoted quote(const char *name)
{
    struct quoted out = { "\"" };
    size_t at = 1;
    for (size_t i = 0; name[i] != '\0' && i < NAME_SHOWN; i++) {
        const unsigned char c = (unsigned char)name[i];
        const bool plain = c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
        at += (size_t)snprintf(out.text + at, sizeof out.text - at, plain ? "%c" : "\\x%02x", c);
    }
    const bool cut = strlen(name) > NAME_SHOWN;
    (void)snprintf(out.text + at, sizeof out.text - at, "%s\"", cut ? "..." : "");
    return out;
}

/* A value of the file: "digests[3] "/usr/bin/a"": which of the list or object, and what it is. */
struct place {
    char text[PLACE_LEN];
};

static struct place place_at(const char *member, size_t index, const char *name)
{
    struct place out;
    (void)snprintf(out.text, sizeof out.text, "%s[%zu] %s", member, index, quote(name).text);
    return out;
}

static const char *text_of(enum assay_json_kind kind)
{
    switch (kind) {
    case ASSAY_JSON_NOTHING: return "nothing";
    case ASSAY_JSON_NULL: return "null";
    case ASSAY_JSON_BOOL: return "a boolean";
    case ASSAY_JSON_INTEGER:
    case ASSAY_JSON_REAL: return "a number";
    case ASSAY_JSON_TEXT: return "a text";
    case ASSAY_JSON_ARRAY: return "a list";
    case ASSAY_JSON_OBJECT: return "an object";
    }
    return "nothing";
}

/* What a policy cannot express. Returns: ASSAY_EXIT_OK where --partial leaves it out. */
static int leave_out(struct importing *import, const char *place, const char *reason)
{
    if (!import->options->partial)
        return COMPLAIN("%s: %s: %s (--partial leaves it out)", import->options->first, place,
                        reason);
    (void)fprintf(stderr, "assay policy import: left out: %s: %s\n", place, reason);
    import->left_out += 1;
    return ASSAY_EXIT_OK;
}

static int wrong_place(const struct importing *import, const char *place, const char *expected)
{
    return COMPLAIN("%s: %s: expected %s", import->options->first, place, expected);
}

/* --- digests */
/* A digest has no name of its algorithm: Keylime compares its digits alone with those of a list. */
static const struct {
    const char *name;
    size_t digits;
} algorithms[] = { { "sha1", 40 }, { "sha256", 64 }, { "sha384", 96 }, { "sha512", 128 } };
enum { ALGORITHMS = sizeof algorithms / sizeof algorithms[0] };

/* Returns: the place of the algorithm in the list; ALGORITHMS: none of them */
static size_t find_algorithm(const char *name, size_t len)
{
    size_t i = 0;
    while (i < ALGORITHMS &&
           (strlen(algorithms[i].name) != len || strncmp(algorithms[i].name, name, len) != 0))
        i += 1;
    return i;
}

static int wrong_digest(const struct importing *import, const struct place *place, size_t index,
                        const char *digits)
{
    const char *const colon = strchr(digits, ':');
    const size_t i =
        colon == NULL ? (size_t)ALGORITHMS : find_algorithm(digits, (size_t)(colon - digits));
    if (i < ALGORITHMS && strlen(colon + 1) != algorithms[i].digits)
        return COMPLAIN("%s: %s[%zu]: expected %zu digits of %s, found %zu", import->options->first,
                        place->text, index, algorithms[i].digits, algorithms[i].name,
                        strlen(colon + 1));
    return COMPLAIN("%s: %s[%zu]: expected digests of 40 (sha1), 64 (sha256), 96 (sha384) or 128 "
                    "(sha512) lower-case hexadecimal digits alone, found %s (%zu characters)",
                    import->options->first, place->text, index, quote(digits).text, strlen(digits));
}

/* Lower case: Keylime compares texts, so another one accepts nothing there. */
static bool is_digest(const char *digits, size_t len)
{
    for (size_t i = 0; i < ALGORITHMS; i++)
        if (algorithms[i].digits == len) return strspn(digits, "0123456789abcdef") == len;
    return false;
}

static bool has_event(const struct assay_policy *policy, const struct assay_event_reference *event)
{
    for (uint32_t i = 0; i < policy->event_count; i++) {
        const struct assay_event_reference *const e = &policy->events[i];
        if (e->is_file && e->state == event->state && strcmp(e->text, event->text) == 0 &&
            e->value_len == event->value_len &&
            assay_bytes_equal(e->value, event->value, event->value_len))
            return true;
    }
    return false;
}

static int add_digest(struct importing *import, const struct place *place, const char *name,
                      const struct assay_json *digests, size_t index)
{
    struct assay_event_reference event = { .is_file = true, .state = ASSAY_EVENT_ALLOWED };
    const struct assay_json *const value = assay_json_at(digests, index);
    const char *const digits = assay_json_as_text(value);
    if (digits == NULL)
        return COMPLAIN("%s: %s[%zu]: expected a digest, found %s", import->options->first,
                        place->text, index, text_of(assay_json_kind_of(value)));
    const size_t len = strlen(digits);
    if (!is_digest(digits, len) || assay_hex_decode(digits, len, event.value, len / 2) != ASSAY_OK)
        return wrong_digest(import, place, index, digits);
    import->digests += 1;
    event.value_len = (uint32_t)(len / 2);
    (void)snprintf(event.text, sizeof event.text, "%s", name);
    if (has_event(import->policy, &event)) return ASSAY_EXIT_OK;
    if (import->policy->event_count == ASSAY_EVENT_REFERENCES_MAX)
        return COMPLAIN("%s: %s[%zu]: more than %d digests together: a policy has no more events",
                        import->options->first, place->text, index, ASSAY_EVENT_REFERENCES_MAX);
    import->policy->events[import->policy->event_count++] = event;
    return ASSAY_EXIT_OK;
}

/* Files have absolute names, buffers have not: so neither is accepted for the other. */
static int check_name(const struct importing *import, const struct place *place, const char *name,
                      bool is_file)
{
    const size_t len = strlen(name);
    for (size_t i = 0; i < len; i++)
        if (name[i] < 0x20 || name[i] > 0x7e)
            return wrong_place(import, place->text, "a name of printable ASCII");
    if (len == 0 || len >= ASSAY_EVENT_REFERENCE_TEXT)
        return COMPLAIN("%s: %s: expected a name of 1 to %d characters, found %zu",
                        import->options->first, place->text, ASSAY_EVENT_REFERENCE_TEXT - 1, len);
    if (is_file != (name[0] == '/'))
        return wrong_place(import, place->text,
                           is_file ? "the absolute name of a file" : "a name that is no path");
    return ASSAY_EXIT_OK;
}

/* Keylime knows it among files alone: elsewhere it would accept the first entry of a list. */
static int refuse_boot_aggregate(struct importing *import, const struct place *place, bool is_file)
{
    return is_file
               ? leave_out(import, place->text, "is no file here: name pcr0 to pcr9 in references")
               : wrong_place(import, place->text,
                             "names of keys and buffers, found boot_aggregate, which is "
                             "neither");
}

static int add_name(struct importing *import, const struct place *place, const char *name,
                    const struct assay_json *digests, bool is_file)
{
    if (strcmp(name, "boot_aggregate") == 0) return refuse_boot_aggregate(import, place, is_file);
    int result = check_name(import, place, name, is_file);
    if (result == ASSAY_EXIT_OK && assay_json_kind_of(digests) != ASSAY_JSON_ARRAY)
        result = wrong_place(import, place->text, "a list of digests");
    for (size_t i = 0; i < assay_json_count(digests) && result == ASSAY_EXIT_OK; i++)
        result = add_digest(import, place, name, digests, i);
    return result;
}

static int add_names(struct importing *import, const struct assay_json *root, const char *member,
                     bool is_file)
{
    const struct assay_json *const all = assay_json_get(root, member);
    const struct assay_json *digests = NULL;
    const char *name = NULL;
    int result = ASSAY_EXIT_OK;
    if (all != NULL && assay_json_kind_of(all) != ASSAY_JSON_OBJECT)
        return wrong_place(import, member, "an object of names");
    for (size_t i = 0; result == ASSAY_EXIT_OK && assay_json_member(all, i, &name, &digests); i++) {
        const struct place place = place_at(member, i, name);
        result = add_name(import, &place, name, digests, is_file);
    }
    return result;
}

/* --- what is no digest */
static bool is_known(const char *name, const char *const *known)
{
    for (; *known != NULL; known++)
        if (strcmp(name, *known) == 0) return true;
    return false;
}

static int check_members(const struct importing *import, const char *parent,
                         const struct assay_json *object, const char *const *known)
{
    const struct assay_json *value = NULL;
    const char *name = NULL;
    for (size_t i = 0; assay_json_member(object, i, &name, &value); i++)
        if (!is_known(name, known))
            return wrong_place(import, place_at(parent, i, name).text,
                               "no such member in a runtime policy of version 1");
    return ASSAY_EXIT_OK;
}

/* "boot_aggregate" excludes the first entry of a list, which is no file here either. */
static int check_excludes(struct importing *import, const struct assay_json *excludes)
{
    int result = ASSAY_EXIT_OK;
    if (excludes != NULL && assay_json_kind_of(excludes) != ASSAY_JSON_ARRAY)
        return wrong_place(import, "excludes", "a list of patterns");
    for (size_t i = 0; i < assay_json_count(excludes) && result == ASSAY_EXIT_OK; i++) {
        const char *const pattern = assay_json_as_text(assay_json_at(excludes, i));
        if (pattern != NULL && strcmp(pattern, "boot_aggregate") == 0) continue;
        result = leave_out(import, place_at("excludes", i, pattern == NULL ? "" : pattern).text,
                           "a policy has no patterns of names");
    }
    return result;
}

/* Of the digests of entries in a list, which are not part of a policy; in Keylime's schema one of
 * the four. */
static int check_log_hash(const struct importing *import, const struct assay_json *ima)
{
    const struct assay_json *const value = assay_json_get(ima, "log_hash_alg");
    const char *const name = assay_json_as_text(value);
    if (value == NULL || (name != NULL && find_algorithm(name, strlen(name)) < ALGORITHMS))
        return ASSAY_EXIT_OK;
    return COMPLAIN("%s: ima.log_hash_alg: expected sha1, sha256, sha384 or sha512, found %s",
                    import->options->first,
                    name != NULL ? quote(name).text : text_of(assay_json_kind_of(value)));
}

static int check_ima(struct importing *import, const struct assay_json *ima)
{
    static const char *const known[] = { "ignored_keyrings", "log_hash_alg", "dm_policy", NULL };
    const enum assay_json_kind dm = assay_json_kind_of(assay_json_get(ima, "dm_policy"));
    const struct assay_json *const ignored = assay_json_get(ima, "ignored_keyrings");
    if (ima != NULL && assay_json_kind_of(ima) != ASSAY_JSON_OBJECT)
        return COMPLAIN("%s: ima: expected an object, found %s", import->options->first,
                        text_of(assay_json_kind_of(ima)));
    int result = check_members(import, "ima", ima, known);
    if (result == ASSAY_EXIT_OK) result = check_log_hash(import, ima);
    if (result != ASSAY_EXIT_OK) return result;
    if (ignored != NULL && assay_json_kind_of(ignored) != ASSAY_JSON_ARRAY)
        return wrong_place(import, "ima.ignored_keyrings", "a list");
    if (assay_json_count(ignored) > 0)
        result = leave_out(import, "ima.ignored_keyrings", "a policy ignores no keys");
    if (result == ASSAY_EXIT_OK && dm != ASSAY_JSON_NOTHING && dm != ASSAY_JSON_NULL)
        result = leave_out(import, "ima.dm_policy", "a policy has no rules of the device mapper");
    return result;
}

static int check_keys(struct importing *import, const struct assay_json *keys)
{
    const char *const text = assay_json_as_text(keys);
    const enum assay_json_kind kind = assay_json_kind_of(keys);
    if (kind == ASSAY_JSON_NOTHING || kind == ASSAY_JSON_NULL) return ASSAY_EXIT_OK;
    if (text != NULL && text[0] == '\0') return ASSAY_EXIT_OK;
    return leave_out(import, "verification-keys", "a policy accepts no signatures of files");
}

static int check_rest(struct importing *import, const struct assay_json *root)
{
    static const char *const known[] = { "meta",     "release",           "digests",
                                         "excludes", "keyrings",          "ima",
                                         "ima-buf",  "verification-keys", NULL };
    if (assay_json_get(root, "payload") != NULL)
        return COMPLAIN("%s: is a signed envelope (DSSE): verify it, and take the policy out of it",
                        import->options->first);
    int result = check_members(import, "policy", root, known);
    if (result == ASSAY_EXIT_OK && assay_json_uint(assay_json_get(root, "meta"), "version", 0) != 1)
        result = wrong_place(import, "meta.version", "1, a runtime policy of Keylime");
    if (result == ASSAY_EXIT_OK) result = check_excludes(import, assay_json_get(root, "excludes"));
    if (result == ASSAY_EXIT_OK) result = check_ima(import, assay_json_get(root, "ima"));
    if (result == ASSAY_EXIT_OK)
        result = check_keys(import, assay_json_get(root, "verification-keys"));
    return result;
}

/* --- the command */
static int take_all(struct importing *import, const struct assay_json *root)
{
    int result = check_rest(import, root);
    if (result == ASSAY_EXIT_OK) result = add_names(import, root, "digests", true);
    if (result == ASSAY_EXIT_OK) result = add_names(import, root, "keyrings", false);
    if (result == ASSAY_EXIT_OK) result = add_names(import, root, "ima-buf", false);
    if (result != ASSAY_EXIT_OK) return result;
    /* Without a file a policy says nothing about files, where Keylime refuses them all. */
    if (import->digests == 0)
        return COMPLAIN("%s: digests: expected the digest of a file at least, found none",
                        import->options->first);
    import->policy->ima_unknown = ASSAY_ACCEPT_REFUSED;
    return ASSAY_EXIT_OK;
}

static int print_policy(const struct importing *import)
{
    char *const memory = malloc(ASSAY_YAML_LEN_MAX);
    struct assay_slice text;
    int result = ASSAY_EXIT_INTERNAL;
    if (memory == NULL) return cli_print_error(false, result, "internal", "out of memory");
    struct assay_writer w = assay_writer_over(memory, ASSAY_YAML_LEN_MAX);
    assay_policy_put_yaml(import->policy, &w);
    if (assay_writer_finish(&w, &text) != ASSAY_OK)
        result = COMPLAIN("the policy is too long for a file");
    else if (printf("# runtime policy of Keylime; left out: %zu\n", import->left_out) > 0 &&
             fwrite(text.bytes, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
        result = ASSAY_EXIT_OK;
    free(memory);
    return result;
}

static int import_into(const struct assay_policy_options *options, const struct assay_json *root)
{
    struct assay_policy_file file = { 0 };
    struct importing import = { .options = options };
    int result = ASSAY_EXIT_OK;
    if (options->into != NULL) result = cli_policy_file_open(&file, options->into, false);
    else if ((file.policy = calloc(1, sizeof *file.policy)) != NULL)
        assay_policy_default(file.policy);
    else result = cli_print_error(false, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    import.policy = file.policy;
    if (result == ASSAY_EXIT_OK) result = take_all(&import, root);
    if (result == ASSAY_EXIT_OK) result = print_policy(&import);
    cli_policy_file_close(&file);
    return result;
}

int cli_policy_import_keylime(const struct assay_policy_options *options)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_json *root = NULL;
    struct assay_json_place place;
    if (options->signer != NULL)
        return COMPLAIN("policy import: --format keylime has no --signer: a runtime policy is not "
                        "signed");
    enum assay_status status = assay_file_read(options->first, ASSAY_JSON_LEN_MAX, &bytes, &len);
    if (status != ASSAY_OK) return cli_print_file_fault(false, "", options->first, status);
    status = assay_json_parse_at((const char *)bytes, len, &root, &place);
    free(bytes);
    if (status != ASSAY_OK)
        return COMPLAIN("%s:%d:%d: expected a runtime policy of Keylime: %s", options->first,
                        place.line, place.column, assay_status_text(status));
    const int result = import_into(options, root);
    assay_json_free(&root);
    return result;
}
