/*
 * apps/assay/proofs/audit_orders.h - `assay audit orders`.
 */
#ifndef ASSAY_APPS_ASSAY_PROOFS_AUDIT_ORDERS_H
#define ASSAY_APPS_ASSAY_PROOFS_AUDIT_ORDERS_H

/* argv[0] is "orders". Returns: the exit status. */
int cli_command_orders(int argc, char **argv);

#endif
