// Published as ES modules only, which jest does not load as they are.
const ES_MODULES = 'node_modules/(?:age-encryption|@noble|@scure)/';

const common = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': '@swc/jest', [`/${ES_MODULES}.+\\.js$`]: '@swc/jest' },
  transformIgnorePatterns: [`^(?!.*/${ES_MODULES}).*/node_modules/`],
  // The sources import with the .js that Node's ESM resolution demands; jest reads the .ts.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};

module.exports = {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/docker/'],
    },
    {
      ...common,
      displayName: 'docker',
      testMatch: ['<rootDir>/test/docker/**/*.test.ts'],
      globalSetup: '<rootDir>/test/docker/require-engine.ts',
      globalTeardown: '<rootDir>/test/docker/assert-nothing-left.ts',
    },
  ],
};
