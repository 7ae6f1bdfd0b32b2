using System.CommandLine;
using Gache.Tool.Terminals;

namespace Gache.Tool.Operate.Words;

/// <summary><c>./gache cluster recover</c> works on a data folder, so the script gives it to the server; here it is only explained.</summary>
internal static class RecoverWord
{
    public static Command Create(Terminal terminal)
    {
        var word = new Command(
            "recover",
            "Offline, on the data folder of a stopped node: takes over a shard that lost its majority for good, states what is lost, and asks for a typed confirmation; see ./gache cluster recover --help")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        word.SetAction(_ => terminal.Refuse(ExitCode.Usage, "recover works on a data folder, so the server's own program does it: type ./gache cluster recover"));
        return word;
    }
}
