/*
 * apps/config/evidence.c - section evidence of assayd.yaml. Each key belongs to certain kinds of
 * evidence; with another kind it is an error, because it would have no effect.
 */
#include "apps/config/evidence.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

enum {
    DEADLINE_MS = 2000,
    CLOSE_MS = 3000,
    WAIT_MS_MIN = 100, /* of both */
    WAIT_MS_MAX = 60000,
    PRIVLEVEL_MAX = 3,
};

#define FIELD(name) ASSAY_CONFIG_FIELD_OPTIONAL(#name, struct assay_yaml_evidence, name)
const cyaml_schema_field_t assay_config_evidence_fields[] = {
    ASSAY_CONFIG_FIELD("kind", struct assay_yaml_evidence, kind),
    FIELD(credential),
    FIELD(tcti),
    FIELD(path),
    FIELD(devices),
    FIELD(privlevel),
    FIELD(service_provider),
    FIELD(service_guid),
    FIELD(service_manifest_version),
    FIELD(deadline_ms),
    FIELD(close_ms),
    CYAML_FIELD_END
};
#undef FIELD

const char *assay_config_evidence_text(enum assay_config_evidence kind)
{
    switch (kind) {
#define EVIDENCE_TEXT(symbol, text)                                                                \
    case symbol: return text;
        ASSAY_CONFIG_EVIDENCE_LIST(EVIDENCE_TEXT)
#undef EVIDENCE_TEXT
    }
    ASSAY_UNREACHABLE("a kind outside the list");
}

static enum assay_status take_kind(const struct assay_config_file *file, const char *text,
                                   enum assay_config_evidence *kind)
{
#define EVIDENCE_ROW(symbol, name)                                                                 \
    if (strcmp(text, name) == 0) {                                                                 \
        *kind = symbol;                                                                            \
        return ASSAY_OK;                                                                           \
    }
    ASSAY_CONFIG_EVIDENCE_LIST(EVIDENCE_ROW)
#undef EVIDENCE_ROW
    return assay_config_fail(file, ASSAY_E_UNSUPPORTED, "evidence.kind",
                             "expected soft, tpm, tsm, gramine, nsm or recorded, found \"%.40s\"",
                             text);
}

/* What a key is to a kind. */
enum need { NEED_NONE, NEED_OPTIONAL, NEED_REQUIRED };

static enum need need_credential(enum assay_config_evidence kind)
{
    return kind == ASSAY_CONFIG_SOFT || kind == ASSAY_CONFIG_TPM ? NEED_REQUIRED : NEED_NONE;
}

static enum need need_path(enum assay_config_evidence kind)
{
    switch (kind) {
    case ASSAY_CONFIG_SOFT:
    case ASSAY_CONFIG_TPM: return NEED_NONE;
    case ASSAY_CONFIG_TSM:
    case ASSAY_CONFIG_GRAMINE:
    case ASSAY_CONFIG_NSM: return NEED_OPTIONAL;
    case ASSAY_CONFIG_RECORDED: return NEED_REQUIRED;
    }
    ASSAY_UNREACHABLE("a kind outside the list");
}

static enum assay_status check_need(const struct assay_config_file *file, const char *key,
                                    const char *text, enum need need,
                                    enum assay_config_evidence kind)
{
    const char *const name = assay_config_evidence_text(kind);
    if (text == NULL && need == NEED_REQUIRED)
        return assay_config_fail(file, ASSAY_E_SYNTAX, "evidence.kind", "%s lacks its key \"%s\"",
                                 name, key + sizeof "evidence." - 1);
    if (text != NULL && need == NEED_NONE)
        return assay_config_fail(file, ASSAY_E_UNSUPPORTED, key, "kind %s has no such key", name);
    return ASSAY_OK;
}

static enum assay_status check_needs(const struct assay_config_file *file,
                                     const struct assay_yaml_evidence *yaml,
                                     enum assay_config_evidence kind)
{
    const enum need tpm = kind == ASSAY_CONFIG_TPM ? NEED_OPTIONAL : NEED_NONE;
    const enum need tsm = kind == ASSAY_CONFIG_TSM ? NEED_OPTIONAL : NEED_NONE;
    const struct {
        const char *key, *text;
        enum need need;
    } rows[] = {
        { "evidence.credential", yaml->credential, need_credential(kind) },
        { "evidence.tcti", yaml->tcti, tpm },
        { "evidence.path", yaml->path, need_path(kind) },
        { "evidence.privlevel", yaml->privlevel, tsm },
        { "evidence.service_provider", yaml->service_provider, tsm },
        { "evidence.service_guid", yaml->service_guid, tsm },
        { "evidence.service_manifest_version", yaml->service_manifest_version, tsm },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ASSAY_TRY(check_need(file, rows[i].key, rows[i].text, rows[i].need, kind));
    return ASSAY_OK;
}

static enum assay_status take_text(const struct assay_config_file *file, const char *key,
                                   const char *text, size_t room, char *out)
{
    if (strlen(text) >= room)
        return assay_config_fail(file, ASSAY_E_RANGE, key, "expected at most %zu characters",
                                 room - 1);
    (void)snprintf(out, room, "%s", text);
    return ASSAY_OK;
}

/* Options of configfs-tsm (quote/source/platform/tsm.c checks what they name). */
static enum assay_status take_tsm(const struct assay_config_file *file,
                                  const struct assay_yaml_evidence *yaml,
                                  struct assay_config_source *source)
{
    source->has_privlevel = yaml->privlevel != NULL;
    if (yaml->privlevel != NULL)
        ASSAY_TRY(assay_config_take_number(file, "evidence.privlevel", yaml->privlevel, 0,
                                           PRIVLEVEL_MAX, &source->privlevel));
    if (yaml->service_provider != NULL)
        ASSAY_TRY(take_text(file, "evidence.service_provider", yaml->service_provider,
                            sizeof source->service_provider, source->service_provider));
    else if (yaml->service_guid != NULL || yaml->service_manifest_version != NULL)
        return assay_config_fail(file, ASSAY_E_SYNTAX, "evidence.kind",
                                 "a GUID or version of services lacks its key "
                                 "\"service_provider\"");
    if (yaml->service_guid != NULL)
        ASSAY_TRY(take_text(file, "evidence.service_guid", yaml->service_guid,
                            sizeof source->service_guid, source->service_guid));
    if (yaml->service_manifest_version == NULL) return ASSAY_OK;
    return assay_config_take_number(file, "evidence.service_manifest_version",
                                    yaml->service_manifest_version, 0, UINT32_MAX,
                                    &source->service_manifest_version);
}

static enum assay_status take_wait(const struct assay_config_file *file, const char *key,
                                   const char *text, uint32_t usual, uint32_t *ms)
{
    *ms = usual;
    if (text == NULL) return ASSAY_OK;
    return assay_config_take_number(file, key, text, WAIT_MS_MIN, WAIT_MS_MAX, ms);
}

enum assay_status assay_config_take_evidence(const struct assay_config_file *file,
                                             const struct assay_yaml_evidence *yaml,
                                             struct assay_config_source *source)
{
    ASSAY_TRY(take_kind(file, yaml->kind, &source->kind));
    ASSAY_TRY(check_needs(file, yaml, source->kind));
    if (yaml->credential != NULL)
        ASSAY_TRY(assay_config_take_path(file, "evidence.credential", yaml->credential,
                                         source->credential));
    if (yaml->path != NULL)
        ASSAY_TRY(assay_config_take_path(file, "evidence.path", yaml->path, source->path));
    if (yaml->devices != NULL)
        ASSAY_TRY(assay_config_take_path(file, "evidence.devices", yaml->devices, source->devices));
    ASSAY_TRY(take_text(file, "evidence.tcti",
                        yaml->tcti != NULL ? yaml->tcti : "device:/dev/tpmrm0", sizeof source->tcti,
                        source->tcti));
    ASSAY_TRY(take_tsm(file, yaml, source));
    ASSAY_TRY(take_wait(file, "evidence.deadline_ms", yaml->deadline_ms, DEADLINE_MS,
                        &source->deadline_ms));
    return take_wait(file, "evidence.close_ms", yaml->close_ms, CLOSE_MS, &source->close_ms);
}
