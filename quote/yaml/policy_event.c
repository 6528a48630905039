/*
 * quote/yaml/policy_event.c - reader of the entries of `events` in a policy file.
 */
#include "quote/yaml/policy_internal.h"

#include "base/assert.h"
#include "quote/eventlog/eventlog.h"

#include <stdio.h>
#include <string.h>

/* The path of one member of one entry: "events[3].digest"; of an entry itself without a member. */
struct path {
    char text[ASSAY_YAML_KEY_MAX];
};

static struct path path_of(unsigned index, const char *member)
{
    struct path path;
    (void)snprintf(path.text, sizeof path.text, "events[%u]%s%s", index,
                   member[0] != '\0' ? "." : "", member);
    return path;
}

static enum assay_status take_text(const struct assay_yaml *file, const char *key, const char *text,
                                   struct assay_event_reference *to)
{
    ASSAY_ASSERT(text != NULL);
    const size_t len = strlen(text);
    if (len >= sizeof to->text)
        return assay_yaml_fail(file, ASSAY_E_RANGE, key,
                               "expected at most %zu characters, found %zu", sizeof to->text - 1,
                               len);
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return assay_yaml_fail(file, ASSAY_E_RANGE, key,
                                   "expected printable ASCII, found another character");
    assay_bytes_copy(to->text, sizeof to->text, text, len + 1);
    return ASSAY_OK;
}

/* Of RTMRs only SHA-384: they have no other bank. Returns: as text. */
static const char *digits_of(const struct assay_event_reference *e)
{
    if (e->is_file) return "40, 64, 96 or 128";
    return assay_reference_field_is_pcr(e->field) ? "64, 96 or 128" : "96";
}

static enum assay_status take_digest(const struct assay_yaml *file, const char *key,
                                     const char *text, struct assay_event_reference *to)
{
    const size_t len = strlen(text) / 2;
    const bool is_any = to->is_file || assay_reference_field_is_pcr(to->field);
    const bool fits = len == 48 || (is_any && (len == 32 || len == 64)) ||
                      (to->is_file && len == 20);
    if (fits && assay_hex_decode(text, strlen(text), to->value, len) == ASSAY_OK) {
        to->value_len = (uint32_t)len;
        ASSAY_ASSERT(to->value_len <= sizeof to->value);
        return ASSAY_OK;
    }
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                           "expected %s hexadecimal digits, found \"%.40s\" (%zu)",
                           digits_of(to), text, strlen(text));
}

/* By name, or as a decimal for those that have none. */
static enum assay_status take_type(const struct assay_yaml *file, const char *key, const char *text,
                                   struct assay_event_reference *to)
{
    uint64_t number = 0;
    to->has_type = true;
    if (assay_event_type_parse(text, strlen(text), &to->type) == ASSAY_OK &&
        to->type != ASSAY_EV_IMA && to->type != ASSAY_EV_NO_ACTION)
        return ASSAY_OK;
    if (assay_yaml_number(text, &number) && number <= UINT32_MAX && number != ASSAY_EV_IMA &&
        number != ASSAY_EV_NO_ACTION) {
        to->type = (uint32_t)number;
        return ASSAY_OK;
    }
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                           "expected a type that extends a register, such as "
                           "EV_EFI_BOOT_SERVICES_APPLICATION, found \"%.40s\"",
                           text);
}

static enum assay_status take_firmware(const struct assay_yaml *file, const struct yaml_event *from,
                                       unsigned i, struct assay_event_reference *to)
{
    ASSAY_ASSERT(from->reg != NULL && from->file == NULL);
    if (assay_reference_field_parse(from->reg, strlen(from->reg), &to->field) != ASSAY_OK ||
        !assay_reference_field_is_logged(to->field))
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, path_of(i, "register").text,
                               "expected rtmr0 to rtmr3 or pcr0 to pcr23, found \"%.40s\"",
                               from->reg);
    if ((from->digest != NULL) == (from->data != NULL))
        return assay_yaml_fail(file, ASSAY_E_INVALID, path_of(i, "").text,
                               "expected digest, or data whose hash the digest is");
    if (from->type != NULL) ASSAY_TRY(take_type(file, path_of(i, "type").text, from->type, to));
    if (from->data != NULL) return take_text(file, path_of(i, "data").text, from->data, to);
    return take_digest(file, path_of(i, "digest").text, from->digest, to);
}

static enum assay_status take_file(const struct assay_yaml *file, const struct yaml_event *from,
                                   unsigned i, struct assay_event_reference *to)
{
    ASSAY_ASSERT(from->file != NULL && from->reg == NULL);
    to->is_file = true;
    if (from->type != NULL || from->data != NULL || from->digest == NULL)
        return assay_yaml_fail(file, ASSAY_E_INVALID, path_of(i, "").text,
                               "expected of a file its name, its digest and nothing else");
    ASSAY_TRY(take_text(file, path_of(i, "file").text, from->file, to));
    return take_digest(file, path_of(i, "digest").text, from->digest, to);
}

enum assay_status assay_yaml_take_events(const struct assay_yaml *file,
                                         const struct yaml_policy *yaml,
                                         struct assay_policy *policy)
{
    ASSAY_ASSERT(yaml->events_count <= ASSAY_EVENT_REFERENCES_MAX);
    for (unsigned i = 0; i < yaml->events_count; i++) {
        const struct yaml_event *const from = &yaml->events[i];
        struct assay_event_reference *const to = &policy->events[i];
        to->state = from->state;
        if ((from->reg != NULL) == (from->file != NULL))
            return assay_yaml_fail(file, ASSAY_E_INVALID, path_of(i, "").text,
                                   "expected register or file, one of the two");
        ASSAY_TRY(from->reg != NULL ? take_firmware(file, from, i, to)
                                    : take_file(file, from, i, to));
    }
    policy->event_count = yaml->events_count;
    return ASSAY_OK;
}
