/*
 * quote/api/text.c - texts for the enums of the public header.
 */
#include "quote/api/api.h"

#define TEXT_OF(x)                        #x
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *assay_version(void)
{
    return VERSION_TEXT(ASSAY_VERSION_MAJOR, ASSAY_VERSION_MINOR, ASSAY_VERSION_PATCH);
}

int assay_version_number(void)
{
    return ASSAY_VERSION_NUMBER;
}

const char *assay_name_of_kind(enum assay_evidence_kind kind)
{
    return assay_kind_text(kind);
}

const char *assay_name_of_tier(enum assay_tier tier)
{
    return assay_tier_text(tier);
}

const char *assay_name_of_tcb_status(enum assay_tcb_status status)
{
    return assay_tcb_status_text(status);
}

const char *assay_name_of_eventlog_form(enum assay_eventlog_form form)
{
    return assay_eventlog_form_text(form);
}

const char *assay_name_of_register_state(enum assay_register_state state)
{
    return assay_register_state_text(state);
}

const char *assay_name_of_claim_type(enum assay_claim_type type)
{
    return assay_claims_type_text(type);
}

const char *assay_name_of_rule_class(enum assay_rule_class class_)
{
    switch (class_) {
    case ASSAY_RULE_FORGED: return "forged";
    case ASSAY_RULE_UNJUDGED: return "unjudged";
    case ASSAY_RULE_REFUSED: return "refused";
    case ASSAY_RULE_OLD: return "old";
    case ASSAY_RULE_NOTE: return "note";
    }
    return "unknown";
}
