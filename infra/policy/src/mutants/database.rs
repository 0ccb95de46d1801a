//! Faults: the database and secrets.

use crate::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "R49",
        what: "the proxy takes plain connections",
        edits: &[("RequireTLS: true", "RequireTLS: false")],
    },
    Mutant {
        rule: "R49",
        what: "the proxy asks for no identity",
        edits: &[("IAMAuth: REQUIRED", "IAMAuth: DISABLED")],
    },
    Mutant {
        rule: "R49",
        what: "a borrowed connection is waited for longer than the function lives",
        edits: &[("ConnectionBorrowTimeout: 3", "ConnectionBorrowTimeout: 5")],
    },
    Mutant {
        rule: "R50",
        what: "the address of the database is shown",
        edits: &[(
            "  DatabaseUrl:
    Type: String
    NoEcho: true
",
            "  DatabaseUrl:
    Type: String
",
        )],
    },
    Mutant {
        rule: "R50",
        what: "an address with a password as a default",
        edits: &[(
            "  DatabaseUrl:
    Type: String
    NoEcho: true
",
            "  DatabaseUrl:
    Type: String
    NoEcho: true
    Default: postgres://shop:secret@db/orders
",
        )],
    },
    Mutant {
        rule: "R50",
        what: "the database's password in plain text",
        edits: &[(
            "          VAZAO_ENTRY: sweep
",
            "          VAZAO_ENTRY: sweep
          VAZAO_DATABASE_PASSWORD: secret
",
        )],
    },
    Mutant {
        rule: "R54",
        what: "the function reaches every port",
        edits: &[(
            "{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0",
            r#"{IpProtocol: "-1", CidrIp: 0.0.0.0/0"#,
        )],
    },
    Mutant {
        rule: "R54",
        what: "the world reaches the proxy",
        edits: &[(
            "      GroupId: {Fn::GetAtt: [ProxySecurityGroup, GroupId]}
      IpProtocol: tcp
      FromPort: 5432
      ToPort: 5432
      SourceSecurityGroupId: {Fn::GetAtt: [FunctionSecurityGroup, GroupId]}
",
            "      GroupId: {Fn::GetAtt: [ProxySecurityGroup, GroupId]}
      IpProtocol: tcp
      FromPort: 5432
      ToPort: 5432
      CidrIp: 0.0.0.0/0
",
        )],
    },
];
