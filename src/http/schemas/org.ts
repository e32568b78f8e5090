import { z } from 'zod';
import { ORG_PLANS } from '../../domain/plans.js';
import { ORG_STATUSES, type Org } from '../../domain/records.js';
import { nameField } from './fields.js';

export const newOrgSchema = z
  .strictObject({ slug: nameField, plan: z.enum(ORG_PLANS).default('developer') })
  .meta({ id: 'NewOrg' });

export const orgChangeSchema = z
  .strictObject({ plan: z.enum(ORG_PLANS).optional(), status: z.enum(ORG_STATUSES).optional() })
  .meta({ id: 'OrgChange' });

export const orgSchema = z
  .object({ slug: z.string(), plan: z.enum(ORG_PLANS), status: z.enum(ORG_STATUSES), createdAt: z.string() })
  .meta({ id: 'Org' });

export function orgResource({ slug, plan, status, createdAt }: Org): z.input<typeof orgSchema> {
  return { slug, plan, status, createdAt };
}
