using Xunit;

namespace Gache.Repository.Tests;

/// <summary>References go one way only: ARCHITECTURE.md, "The rooms".</summary>
public sealed class RoomsTests
{
    /// <summary>For each room the rooms it may name in its project file.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Gache.Primitives"] = [],
        ["Gache.Raft"] = ["Gache.Primitives"],
        ["Gache.Log"] = ["Gache.Primitives", "Gache.Raft"],
        ["Gache.Store"] = ["Gache.Primitives"],
        ["Gache.Replication"] = ["Gache.Primitives", "Gache.Raft", "Gache.Log", "Gache.Store"],
        ["Gache.Cluster"] = ["Gache.Primitives", "Gache.Store", "Gache.Replication"],
        ["Gache.Simulation"] = ["Gache.Primitives", "Gache.Raft", "Gache.Log", "Gache.Store", "Gache.Replication", "Gache.Cluster"],
        ["Gache.Server"] = ["Gache.Primitives", "Gache.Raft", "Gache.Log", "Gache.Store", "Gache.Replication", "Gache.Cluster"],
        ["Gache.Tool"] = ["Gache.Primitives"], // speaks HTTP as any client does
        ["Gache.Bench"] = ["Gache.Primitives", "Gache.Store"], // the store's rule of slots, to remember owners by
    };

    public static TheoryData<string> Rooms => [.. Project.Rooms.Select(project => project.Name)];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_rooms_below_it(string room)
    {
        Assert.True(MayUse.ContainsKey(room), $"{room} is a new room: add what it may use here and in ARCHITECTURE.md");

        string[] tooMuch = [.. Project.Rooms.Single(project => project.Name == room).References.Except(MayUse[room])];

        Assert.True(tooMuch.Length == 0, $"{room} must not reference {string.Join(", ", tooMuch)}");
    }

    [Fact]
    public void Every_room_of_the_table_exists_and_stands_in_the_solution_and_in_the_architecture_page()
    {
        string solution = Repository.Read("Gache.slnx");
        string architecture = Repository.Read("ARCHITECTURE.md");

        Assert.Equal(MayUse.Keys.Order(StringComparer.Ordinal), Project.Rooms.Select(p => p.Name).Order(StringComparer.Ordinal));
        foreach (Project project in Project.All) Assert.Contains($"\"{project.Path}\"", solution, StringComparison.Ordinal);
        foreach (string room in MayUse.Keys) Assert.Contains($"| `{room}` |", architecture, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_room_has_a_test_project_that_is_not_named_as_the_room()
    {
        foreach (Project room in Project.Rooms)
        {
            Project? tests = Project.All.SingleOrDefault(p => p.Path == $"tests/{room.Name}.Tests/{room.Name}.Tests.csproj");
            Assert.True(tests is not null, $"{room.Name} has no tests/{room.Name}.Tests");
            Assert.Contains(room.Name, tests.References);
        }
    }

    [Fact]
    public void The_consensus_core_uses_nothing_but_the_class_library() =>
        Assert.Empty(Project.Rooms.Single(project => project.Name == "Gache.Raft").Packages);
}
