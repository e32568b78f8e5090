import { includesRole, ORG_ROLES, ROLES } from '../../src/domain/roles.js';

describe('roles', () => {
  it.each(ROLES.flatMap((held) => ROLES.map((needed) => ({ held, needed }))))(
    '$held for what needs $needed',
    ({ held, needed }) => {
      const order = ['viewer', 'deploy', 'member', 'admin', 'owner', 'operator'];
      expect(includesRole(held, needed)).toBe(order.indexOf(held) >= order.indexOf(needed));
    },
  );

  it('leave the operator to the host', () => {
    expect(ORG_ROLES).not.toContain('operator');
  });
});
