/*
 * quote/accept/corim_table.c - mapping from environments and measurements of a manifest to fields
 * of a policy.
 *
 * Sources: launch measurement: the IGVM project's profile of that URI; AMD: draft-deeglaze-amd-sev-
 * snp-corim-profile-02 sections 3.1.1 and 3.1.4; Arm: draft-ydb-rats-cca-endorsements sections 3.1
 * and 3.2. Our own profile names fields as policy files do. Texts stand inside the rows: a constant
 * with pointers would be writable data to the loader.
 */
#include "quote/accept/corim_internal.h"

#include "base/assert.h"
#include "quote/text.h"

enum { NAME_MAX = 24 };

static bool is_text(struct assay_slice slice, const char *text)
{
    ASSAY_ASSERT(text != NULL);
    return assay_slice_equal(slice, assay_slice_over(text, assay_text_len(text, 256)));
}

/* --- profiles */
struct alias {
    char uri[56];
    uint8_t profile;
};

/* Other identifiers under which a profile is in use: earlier and later editions of the draft. */
static const struct alias aliases[] = {
    { "tag:amd.com,2024:snp-corim-profile", ASSAY_CORIM_PROFILE_AMD },
    { "http://amd.com/2024/snp-corim-profile", ASSAY_CORIM_PROFILE_AMD },
};

const char *assay_corim_profile_uri(enum assay_corim_profile profile)
{
#define URI_CASE(symbol, uri, name)                                                                \
    case ASSAY_CORIM_PROFILE_##symbol: return uri;
    switch (profile) {
        ASSAY_CORIM_PROFILE_LIST(URI_CASE)
    }
#undef URI_CASE
    ASSAY_UNREACHABLE("profiles are made of the list");
}

const char *assay_corim_profile_name(enum assay_corim_profile profile)
{
#define NAME_CASE(symbol, uri, name)                                                               \
    case ASSAY_CORIM_PROFILE_##symbol: return name;
    switch (profile) {
        ASSAY_CORIM_PROFILE_LIST(NAME_CASE)
    }
#undef NAME_CASE
    ASSAY_UNREACHABLE("profiles are made of the list");
}

const char *assay_corim_part_text(enum assay_corim_part part)
{
#define PART_CASE(symbol, text, refused)                                                           \
    case ASSAY_CORIM_PART_##symbol: return text;
    switch (part) {
        ASSAY_CORIM_PART_LIST(PART_CASE)
    }
#undef PART_CASE
    ASSAY_UNREACHABLE("parts are made of the list");
}

enum assay_status corim_profile_of(uint64_t tag, struct assay_slice identifier,
                                   enum assay_corim_profile *profile)
{
#define PROFILE_NUMBER(symbol, uri, name) ASSAY_CORIM_PROFILE_##symbol,
    static const uint8_t profiles[] = { ASSAY_CORIM_PROFILE_LIST(PROFILE_NUMBER) };
#undef PROFILE_NUMBER
    if (tag == CORIM_TAG_OID || identifier.len == 0) return ASSAY_E_NOT_FOUND;
    for (size_t i = 0; i < sizeof profiles; i++) {
        if (!is_text(identifier, assay_corim_profile_uri((enum assay_corim_profile)profiles[i])))
            continue;
        *profile = (enum assay_corim_profile)profiles[i];
        return ASSAY_OK;
    }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (!is_text(identifier, aliases[i].uri)) continue;
        *profile = (enum assay_corim_profile)aliases[i].profile;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

/* --- environments */
struct class_row {
    char vendor[NAME_MAX];
    char model[NAME_MAX];
    uint32_t kinds;
    uint32_t profiles; /* bits */
};

#define PROFILE_BIT(symbol) (1u << ASSAY_CORIM_PROFILE_##symbol)
#define OURS                (PROFILE_BIT(ASSAY) | PROFILE_BIT(NONE))

static const struct class_row classes[] = {
    { "Intel", "SGX", ASSAY_KINDS_SGX, OURS },
    { "Intel", "TDX", ASSAY_KINDS_TDX, OURS | PROFILE_BIT(LAUNCH) },
    { "AMD", "SEV-SNP", ASSAY_KINDS_SNP, OURS | PROFILE_BIT(LAUNCH) },
    { "Arm", "CCA", ASSAY_KINDS_CCA, OURS },
    { "AWS", "Nitro", ASSAY_KINDS_NITRO, OURS },
    { "TCG", "TPM 2.0", ASSAY_KINDS_TPM, OURS },
};

/* AMD's class-ids: chip (VCEK), service provider (VLEK); BER without tag and length (RFC 9090). */
static bool is_amd_class(const struct corim_environment *e)
{
    static const uint8_t arc[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x03 };
    if (e->class_tag != CORIM_TAG_OID || e->class_id.len != sizeof arc + 1) return false;
    if (!assay_bytes_equal(e->class_id.bytes, arc, sizeof arc)) return false;
    const uint8_t last = e->class_id.bytes[sizeof arc];
    return last == 1 || last == 2; /* 1.3.6.1.4.1.3704.3.1 and .2 */
}

static uint32_t named_class(enum assay_corim_profile profile, const struct corim_environment *e)
{
    ASSAY_ASSERT((unsigned)profile < 32);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if ((classes[i].profiles & (1u << (unsigned)profile)) != 0 &&
            is_text(e->vendor, classes[i].vendor) && is_text(e->model, classes[i].model))
            return classes[i].kinds;
    return 0;
}

uint32_t corim_class_kinds(enum assay_corim_profile profile, const struct corim_environment *e,
                           bool *narrow)
{
    const bool named = e->vendor.len > 0 || e->model.len > 0;
    *narrow = false;
    switch (profile) {
    case ASSAY_CORIM_PROFILE_ASSAY:
    case ASSAY_CORIM_PROFILE_NONE:
    case ASSAY_CORIM_PROFILE_LAUNCH: *narrow = e->class_tag != 0; return named_class(profile, e);
    case ASSAY_CORIM_PROFILE_AMD: *narrow = named; return is_amd_class(e) ? ASSAY_KINDS_SNP : 0;
    case ASSAY_CORIM_PROFILE_CCA_REALM:
    case ASSAY_CORIM_PROFILE_CCA_PLATFORM:
        *narrow = named;
        return e->class_tag == CORIM_TAG_BYTES ? ASSAY_KINDS_CCA : 0;
    }
    ASSAY_UNREACHABLE("profiles are made of the list");
}

/* --- measurements */
struct measurement_row {
    uint8_t profile;
    uint8_t field;
    uint16_t number;
    char text[NAME_MAX]; /* empty: the key is the number */
    uint32_t kinds;
};

static const struct measurement_row measurements[] = {
    { ASSAY_CORIM_PROFILE_LAUNCH, ASSAY_REFERENCE_MRTD, 0, "MRTD", ASSAY_KINDS_TDX },
    { ASSAY_CORIM_PROFILE_LAUNCH, ASSAY_REFERENCE_SNP_MEASUREMENT, 0, "MEASUREMENT",
      ASSAY_KINDS_SNP },
    { ASSAY_CORIM_PROFILE_AMD, ASSAY_REFERENCE_SNP_MEASUREMENT, 641, "", ASSAY_KINDS_SNP },
    { ASSAY_CORIM_PROFILE_AMD, ASSAY_REFERENCE_HOST_DATA, 642, "", ASSAY_KINDS_SNP },
    { ASSAY_CORIM_PROFILE_AMD, ASSAY_REFERENCE_ID_KEY_DIGEST, 643, "", ASSAY_KINDS_SNP },
    { ASSAY_CORIM_PROFILE_AMD, ASSAY_REFERENCE_AUTHOR_KEY_DIGEST, 644, "", ASSAY_KINDS_SNP },
    { ASSAY_CORIM_PROFILE_CCA_REALM, ASSAY_REFERENCE_RIM, 0, "cca.rim", ASSAY_KINDS_CCA },
    { ASSAY_CORIM_PROFILE_CCA_REALM, ASSAY_REFERENCE_REM0, 0, "cca.rem0", ASSAY_KINDS_CCA },
    { ASSAY_CORIM_PROFILE_CCA_REALM, ASSAY_REFERENCE_REM1, 0, "cca.rem1", ASSAY_KINDS_CCA },
    { ASSAY_CORIM_PROFILE_CCA_REALM, ASSAY_REFERENCE_REM2, 0, "cca.rem2", ASSAY_KINDS_CCA },
    { ASSAY_CORIM_PROFILE_CCA_REALM, ASSAY_REFERENCE_REM3, 0, "cca.rem3", ASSAY_KINDS_CCA },
};

/* Does some kind of the class measure the field, with values of any length? */
static bool is_measured(uint32_t kinds, enum assay_reference_field field)
{
    ASSAY_ASSERT(kinds != 0);
    uint32_t measuring = 0;
    for (size_t len = 32; len <= ASSAY_MEASUREMENT_MAX; len += 16)
        measuring |= assay_reference_field_kinds(field, len);
    return (measuring & kinds) != 0;
}

enum assay_status corim_field_of(enum assay_corim_profile profile, uint32_t kinds,
                                 const struct corim_key *key, enum assay_reference_field *field)
{
    for (size_t i = 0; i < sizeof measurements / sizeof measurements[0]; i++) {
        const struct measurement_row *const row = &measurements[i];
        const bool by_number = row->text[0] == '\0';
        if (row->profile != profile || (row->kinds & kinds) == 0) continue;
        if (key->type != (by_number ? CORIM_KEY_NUMBER : CORIM_KEY_TEXT)) continue;
        if (by_number ? row->number != key->number : !is_text(key->text, row->text)) continue;
        *field = (enum assay_reference_field)row->field;
        return ASSAY_OK;
    }
    if (((1u << (unsigned)profile) & OURS) == 0 || key->type != CORIM_KEY_TEXT)
        return ASSAY_E_NOT_FOUND;
    enum assay_reference_field named;
    ASSAY_TRY(assay_reference_field_parse((const char *)key->text.bytes, key->text.len, &named));
    if (!is_measured(kinds, named)) return ASSAY_E_NOT_FOUND;
    *field = named;
    return ASSAY_OK;
}

enum { RTMRS = 4, PCRS = 24 };

enum assay_status corim_register_of(uint32_t kinds, const struct corim_key *key,
                                    enum assay_reference_field *field)
{
    ASSAY_ASSERT(kinds != 0);
    if (key->type == CORIM_KEY_TEXT)
        return corim_field_of(ASSAY_CORIM_PROFILE_ASSAY, kinds, key, field);
    if (key->type != CORIM_KEY_NUMBER) return ASSAY_E_NOT_FOUND;
    static const uint32_t tds = ASSAY_KINDS_TDX, quotes = ASSAY_KINDS_QUOTE;
    static const uint32_t tpms = ASSAY_KINDS_TPM, snps = ASSAY_KINDS_SNP;
    static const uint32_t nitros = ASSAY_KINDS_NITRO;
    const bool td = (kinds & tds & quotes) != 0;
    const uint32_t paravisors = tpms & (tds | snps);
    const bool has_pcrs = (kinds & (nitros | tpms) & ~paravisors) != 0;
    if (!td && !has_pcrs) return ASSAY_E_NOT_FOUND;
    if (key->number >= (td ? (uint64_t)RTMRS : PCRS)) return ASSAY_E_NOT_FOUND;
    *field = (enum assay_reference_field)(
        (unsigned)(td ? ASSAY_REFERENCE_RTMR0 : ASSAY_REFERENCE_PCR0) + (unsigned)key->number);
    return ASSAY_OK;
}

/* --- the way back */
bool corim_register_index(enum assay_reference_field field, uint64_t *index)
{
    if (assay_reference_field_is_pcr(field)) {
        *index = (uint64_t)field - ASSAY_REFERENCE_PCR0;
        return true;
    }
    if (field < ASSAY_REFERENCE_RTMR0 || field > ASSAY_REFERENCE_RTMR3) return false;
    *index = (uint64_t)field - ASSAY_REFERENCE_RTMR0;
    return true;
}

bool corim_is_raw(enum assay_reference_field field)
{
    return field == ASSAY_REFERENCE_HOST_DATA || field == ASSAY_REFERENCE_CCA_IMPLEMENTATION ||
           field == ASSAY_REFERENCE_MRCONFIGID || field == ASSAY_REFERENCE_MROWNER ||
           field == ASSAY_REFERENCE_MROWNERCONFIG;
}

void corim_class_of(const struct assay_reference *reference, const char **vendor,
                    const char **model)
{
    ASSAY_ASSERT(assay_reference_field_fits(reference->field, reference->value_len));
    const uint32_t kinds = assay_reference_field_kinds(reference->field, reference->value_len);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (classes[i].kinds != kinds) continue;
        *vendor = classes[i].vendor;
        *model = classes[i].model;
        return;
    }
    ASSAY_UNREACHABLE("every field that assay_policy_check takes has a class");
}
