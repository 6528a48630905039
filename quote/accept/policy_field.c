/*
 * quote/accept/policy_field.c - fields of reference values: names, lengths and kinds from the list
 * in quote/accept/policy.h; and the other words of policy files.
 */
#include "quote/accept/policy.h"

#include "base/assert.h"
#include "quote/text.h"

struct field {
    const char *name;
    unsigned lengths; /* ASSAY_FIELD_... */
    uint32_t kinds;
};

/* A function and not a table: a constant with pointers is writable data to the loader. */
static struct field describe_field(enum assay_reference_field field)
{
#define FIELD_CASE(symbol, number, name, lengths, kinds)                                           \
    case ASSAY_REFERENCE_##symbol: return (struct field){ name, lengths, kinds };
    switch (field) {
        ASSAY_REFERENCE_FIELD_LIST(FIELD_CASE)
    }
#undef FIELD_CASE
    return (struct field){ "unknown", 0, 0 }; /* a number read from somewhere */
}

static unsigned length_bit(size_t value_len)
{
    if (value_len == ASSAY_SHA1_LEN) return ASSAY_FIELD_20;
    if (value_len == 32) return ASSAY_FIELD_32;
    if (value_len == 48) return ASSAY_FIELD_48;
    return value_len == 64 ? ASSAY_FIELD_64 : 0;
}

bool assay_reference_field_is_known(enum assay_reference_field field)
{
    return describe_field(field).lengths != 0;
}

bool assay_reference_field_is_pcr(enum assay_reference_field field)
{
    return (unsigned)field >= ASSAY_REFERENCE_PCR0 && (unsigned)field < ASSAY_REFERENCE_FIELDS;
}

bool assay_reference_field_is_logged(enum assay_reference_field field)
{
    const bool is_rtmr =
        (unsigned)field >= ASSAY_REFERENCE_RTMR0 && (unsigned)field <= ASSAY_REFERENCE_RTMR3;
    return is_rtmr || assay_reference_field_is_pcr(field);
}

bool assay_reference_field_fits(enum assay_reference_field field, size_t value_len)
{
    return (describe_field(field).lengths & length_bit(value_len)) != 0;
}

uint32_t assay_reference_field_kinds(enum assay_reference_field field, size_t value_len)
{
    if (!assay_reference_field_fits(field, value_len)) return 0;
    if (!assay_reference_field_is_pcr(field)) return describe_field(field).kinds;
    ASSAY_ASSERT(value_len == ASSAY_SHA384_LEN || value_len == ASSAY_SHA256_LEN ||
                 value_len == ASSAY_SHA1_LEN);
    return value_len == ASSAY_SHA384_LEN ? ASSAY_KINDS_NITRO : ASSAY_KINDS_TPM;
}

const char *assay_reference_field_name(enum assay_reference_field field)
{
    return describe_field(field).name;
}

enum assay_status assay_reference_field_parse(const char *name, size_t len,
                                              enum assay_reference_field *field)
{
    ASSAY_ASSERT(name != NULL || len == 0);
    for (unsigned i = 0; i < ASSAY_REFERENCE_FIELDS; i++) {
        const struct field known = describe_field((enum assay_reference_field)i);
        if (known.lengths == 0 || assay_text_len(known.name, len + 1) != len) continue;
        if (!assay_bytes_equal(known.name, name, len)) continue;
        ASSAY_ASSERT(assay_reference_field_is_known((enum assay_reference_field)i));
        *field = (enum assay_reference_field)i;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

const char *assay_reference_state_name(enum assay_reference_state state)
{
    switch (state) {
    case ASSAY_REFERENCE_ALLOWED: return "allowed";
    case ASSAY_REFERENCE_RETIRING: return "retiring";
    case ASSAY_REFERENCE_DENIED: return "denied";
    }
    ASSAY_UNREACHABLE("assay_policy_check bounds it");
}

const char *assay_event_state_name(enum assay_event_state state)
{
    switch (state) {
    case ASSAY_EVENT_ALLOWED: return "allowed";
    case ASSAY_EVENT_RETIRING: return "retiring";
    case ASSAY_EVENT_DENIED: return "denied";
    case ASSAY_EVENT_REQUIRED: return "required";
    }
    ASSAY_UNREACHABLE("assay_policy_check bounds it");
}

const char *assay_policy_acceptance_name(enum assay_acceptance acceptance)
{
    switch (acceptance) {
    case ASSAY_ACCEPT_REFUSED: return "refused";
    case ASSAY_ACCEPT_WARNING: return "warning";
    case ASSAY_ACCEPT_AFFIRMING: return "affirming";
    }
    ASSAY_UNREACHABLE("assay_policy_check bounds it");
}

const char *assay_pinned_root_name(enum assay_pinned_root which)
{
    switch (which) {
    case ASSAY_PINNED_INTEL_SGX: return "intel-sgx";
    case ASSAY_PINNED_AMD_MILAN: return "amd-milan";
    case ASSAY_PINNED_AMD_GENOA: return "amd-genoa";
    case ASSAY_PINNED_AMD_TURIN: return "amd-turin";
    case ASSAY_PINNED_AWS_NITRO: return "aws-nitro";
    case ASSAY_PINNED_NVIDIA_DEVICE: return "nvidia-device";
    case ASSAY_PINNED_NVIDIA_RIM: return "nvidia-rim";
    }
    ASSAY_UNREACHABLE("callers count to ASSAY_PINNED_ROOTS");
}

const char *assay_ak_form_name(enum assay_ak_form form)
{
    switch (form) {
    case ASSAY_AK_TCG: return "tcg";
    case ASSAY_AK_GOOGLE: return "google";
    case ASSAY_AK_AZURE: return "azure";
    }
    return "unknown";
}
