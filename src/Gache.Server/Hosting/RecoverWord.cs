using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Replication;
using Gache.Store;
using Command = System.CommandLine.Command;

namespace Gache.Server.Hosting;

/// <summary><c>./gache cluster recover --raft-dir DIR</c>: lets a shard that lost its majority for good go on with one member's data, offline.</summary>
internal sealed class RecoverWord(TextReader input, TextWriter output, TextWriter errors, bool canAsk)
{
    private const int MaxShown = 8;
    private const string SeeHelp = "see ./gache cluster recover --help";

    /// <summary>Runs it.</summary>
    /// <param name="args">What follows the word.</param>
    /// <returns>The exit code.</returns>
    public int Run(string[] args)
    {
        var dir = new Option<string>("--raft-dir") { Description = "The data folder of the stopped member that the shard is to go on with", HelpName = "DIR", Required = true };
        var loses = new Option<string?>("--yes-lose") { Description = "The shard's id: agrees beforehand to what is lost", HelpName = "SHARD" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Says what would be done and lost, and does nothing" };
        var command = new Command(
            "recover",
            "Takes over a shard that lost its majority for good: the next start of this node leads alone, with what its folder has.\n"
            + "What is lost is stated, and the shard's id must be typed. Other members that are only down must be started instead.")
        {
            dir, loses, dryRun,
        };
        int code = ExitCode.Stopped;
        command.SetAction(parse => code = Recover(parse.GetRequiredValue(dir), parse.GetValue(loses), parse.GetValue(dryRun)));

        // As it is typed; a RootCommand would call itself by the name of its file.
        var script = new Command("./gache") { new Command("cluster") { command } };
        script.Options.Add(new HelpOption("--help", "-h", "-?") { Recursive = true });
        ParseResult parse = script.Parse(["cluster", "recover", .. args], new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.UnmatchedTokens.Any(token => token is "--yes" or "-y"))
            return Refuse(ExitCode.Usage, $"recover takes --yes-lose SHARD in place of --yes, with the shard's id; {SeeHelp}");
        if (parse.Errors.Count > 0) return Refuse(ExitCode.Usage, $"{parse.Errors[0].Message.TrimEnd('.')}; {SeeHelp}");
        parse.Invoke(new InvocationConfiguration { Output = output, Error = errors, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
        return code;
    }

    private int Recover(string dir, string? agreed, bool isDryRun)
    {
        string path = Path.GetFullPath(dir);
        if (!Directory.Exists(path)) return Refuse(ExitCode.FolderNotUsable, $"there is no folder {path}");
        if (FolderLock.Take(path, out FolderLock? taken) is { } words) return Refuse(ExitCode.FolderNotUsable, words);
        using (taken)
        {
            try
            {
                var files = new RealFileSystem();
                var folder = new DataFolder(files, path);
                using ShardRecovery recovery = ShardRecovery.Open(files, folder, new LogOptions(), Random.Shared);
                RecoveryRaise raise = RecoveryRaise.At(DateTimeOffset.UtcNow);
                foreach (string line in Lines(recovery.Picture, raise, folder)) output.WriteLine(line);
                if (isDryRun) return ExitCode.Stopped;
                if (WhyNotAgreed(recovery.Picture.Who.Shard, agreed) is { } why) return Refuse(ExitCode.Usage, $"nothing was done: {why}");
                FolderIdentity who = recovery.CarryOut(raise);
                output.WriteLine($"done: this folder goes on as node {who.Node}. Start it as before; then let others join it, with empty folders.");
                return ExitCode.Stopped;
            }
            catch (Exception failure) when (NodeStart.ExitCodeOf(failure) is not null)
            {
                return Refuse(NodeStart.ExitCodeOf(failure)!.Value, failure.Message);
            }
        }
    }

    /// <summary>Null if the shard's id was said, else why what was said does not do.</summary>
    private string? WhyNotAgreed(ShardId shard, string? agreed)
    {
        if (agreed is null)
        {
            if (!canAsk) return $"recover takes --yes-lose {shard} where nobody can be asked";
            output.Write("Type the shard's id to lose that and go on: ");
            output.Flush();
            agreed = input.ReadLine()?.Trim() ?? "";
        }

        return ShardId.TryParse(agreed, out ShardId typed) && typed == shard ? null : $"'{agreed}' is not the shard's id, which is typed in full: {shard}";
    }

    private static IEnumerable<string> Lines(RecoveryPicture picture, RecoveryRaise raise, DataFolder folder)
    {
        FolderIdentity who = picture.Who;
        Member[] others = [.. picture.Configuration.Members.Where(member => member.Id != who.Node)];
        yield return $"{folder.Location}: node {who.Node} of shard {who.Shard}, cluster {who.Cluster}";
        yield return Text($"  holds {picture.KeyCount} keys, revision {picture.Revision}, log up to entry {picture.LastIndex}, term {picture.Term}; slots {picture.Slots}");
        foreach (Member other in others) yield return $"  other member: {other.Id} at {other.RaftAddress}, {(picture.Configuration.IsVoter(other.Id) ? "voter" : "learner")}";
        if (picture.Configuration is { Voters.Length: 1, IsJoint: false } && picture.Configuration.IsVoter(who.Node))
            yield return "  It is the only voter as it is: it needs no recovery, only to be started.";
        yield return "With this folder alone:";
        yield return $"- Whatever the others acknowledged and this one has not is lost for good, and nobody can say what that is{(picture.HasLostData ? "; this one was told that it lost data itself" : "")}.";
        yield return "- Writes here that were never acknowledged may become part of the data.";
        yield return Text($"- Revisions rise by {raise.Revisions}, the epochs of its slots by {raise.Epochs}, the term by {raise.Terms}: none of them is given twice.");
        foreach (IGrouping<ShardId, int> peer in picture.Moving.GroupBy(move => move.State.Transfer.Peer, move => move.Slot).OrderBy(group => group.Key))
            yield return Text($"- {peer.Count()} slots were on their way between it and shard {peer.Key} ({string.Join(", ", peer.Take(MaxShown))}{(peer.Count() > MaxShown ? ", …" : "")}): if that move went on unknown to this folder, some of them may come to have two owners, or none; /readyz of the nodes then says which.");
        if (picture.GrantsSlots)
            yield return "- A grant of slots to another shard may be among what is lost. So it grants slots to no new shard any more: start those with --cluster-slot none, and move slots to them.";
        if (others.Length > 0)
        {
            yield return "- The others must never be started again with the data they have: delete their folders first. Whoever of them meets this node is told to set its";
            yield return "  data aside; those that do not meet it could be a majority among themselves, and serve what is served here as well.";
        }

        yield return $"- The data as it is stays in {Path.Combine(folder.Location, who.Node.ToString())} until you delete it; the space for a copy is needed.";
    }

    private int Refuse(int code, string words)
    {
        errors.WriteLine($"gache: {words.ReplaceLineEndings(" ")}");
        return code;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
