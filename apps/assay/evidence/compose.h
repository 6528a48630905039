/*
 * apps/assay/evidence/compose.h - `assay evidence compose`: evidence of a processor and the devices
 * of its machine, step by step.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_COMPOSE_H
#define ASSAY_APPS_ASSAY_EVIDENCE_COMPOSE_H

/* Returns: an enum assay_exit */
int cli_evidence_compose(int argc, char **argv);

#endif
