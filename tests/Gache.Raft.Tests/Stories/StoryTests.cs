using Gache.Primitives;
using Xunit;

namespace Gache.Raft.Tests;

/// <summary>
/// Each file in <c>stories</c> is one test. <c>GACHE_REWRITE_STORIES=1</c> before the test command writes what they print now into the sources:
/// read the difference, then commit it or mend the core.
/// </summary>
public sealed class StoryTests
{
    private const string RewriteVariable = "GACHE_REWRITE_STORIES";
    private const string SourceFolder = "tests/Gache.Raft.Tests/Stories/stories";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Stories", "stories");

    public static TheoryData<string> Stories =>
        [.. Directory.EnumerateFiles(Folder, "*.txt").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Stories))]
    public void Story_is_told_as_it_is_written(string story)
    {
        var file = new StoryFile(Read(story));
        string told = file.With(Tell(file, story));
        if (Environment.GetEnvironmentVariable(RewriteVariable) == "1")
        {
            File.WriteAllText(Path.Combine(Root(), SourceFolder, story + ".txt"), told);
            return;
        }

        // What stands beside an output goes with it where it changed, so the texts are equal just if all outputs are.
        if (told != Read(story)) Assert.Fail($"{story} is told otherwise ({RewriteVariable}=1 writes it down):\n\n{told}");
    }

#if DEBUG
    /// <summary>The stories can see: with a mistake planted, the one about it is told otherwise, or breaks a property.</summary>
    [Theory]
    [InlineData("old-term-commit", PlantedFault.OldTermCommittedByCounting)]
    [InlineData("late-durable", PlantedFault.LateDurableCounted)]
    [InlineData("follower-answers-after-sync", PlantedFault.AnswerBeforeSync)]
    [InlineData("read-waits-for-its-round", PlantedFault.ReadConfirmedByEarlierRound)]
    [InlineData("vote-survives-restart", PlantedFault.VoteNotPersisted)]
    public void Story_is_told_otherwise_with_its_mistake_planted(string story, PlantedFault fault)
    {
        var file = new StoryFile(Read(story));
        Planted.Active = fault;
        try
        {
            Assert.NotEqual(Read(story), file.With(Tell(file, story)));
        }
        catch (StoryBrokenException)
        {
            // It could not go on as it is written, or a property of figure 3 broke.
        }
        finally
        {
            Planted.Active = PlantedFault.None;
        }
    }
#endif

    private static List<IReadOnlyList<string>> Tell(StoryFile file, string story)
    {
        var teller = new Storyteller();
        var outputs = new List<IReadOnlyList<string>>();
        foreach (StoryBlock block in file.Blocks)
        {
            try
            {
                outputs.Add(teller.Tell(block));
            }
            catch (Exception e)
            {
                string before = string.Join('\n', outputs.Select((output, at) => $"line {file.Blocks[at].Line}:\n{string.Join('\n', output)}"));
                throw new StoryBrokenException($"{story}.txt, line {block.Line}: {e.Message}\n{before}", e);
            }
        }

        return outputs;
    }

    private static string Read(string story) => File.ReadAllText(Path.Combine(Folder, story + ".txt"));

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Gache.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"no Gache.slnx above {AppContext.BaseDirectory}");
    }

    private sealed class StoryBrokenException(string message, Exception inner) : Exception(message, inner);
}
